import { testModel } from "../../support/model/suite.ts";

testModel(0);
