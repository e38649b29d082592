import { testModel } from "../../tools/model/suite.ts";

testModel(2);
