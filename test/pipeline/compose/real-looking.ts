/** Files as people write them, to be mutated. Between them they use all that composing knows. */
export const REAL_LOOKING: readonly string[] = [
  `# Python with tox
image: python:3.12
stages: [lint, test, deploy]
variables: &vars
  PIP_CACHE_DIR: "$CI_PROJECT_DIR/.pip"
  FORCE_COLOR: 1
cache:
  key: $CI_COMMIT_REF_SLUG
  paths:
    - .pip/
.tox: &tox
  before_script:
    - pip install tox
  script: tox -e $TOXENV
lint:
  <<: *tox
  stage: lint
  variables: {<<: *vars, TOXENV: lint}
py312:
  <<: *tox
  stage: test
  parallel:
    matrix:
      - TOXENV: [py312, py313]
        DB: [sqlite, postgres]
  services:
    - name: postgres:16
      alias: db
deploy:
  stage: deploy
  script: |
    python -m build
    twine upload dist/*
  rules:
    - if: $CI_COMMIT_TAG =~ /^v\\d+/
    - when: never
`,
  `default:
  image: node:22
  interruptible: yes
  retry: {max: 2, when: [runner_system_failure, stuck_or_timeout_failure]}
include:
  - local: ci/more.yml
    rules:
      - if: $MORE
  - 'ci/jobs/*.yml'
  - local: ci/template.yml
    inputs: {name: app, count: 3, flags: [a, b]}
.setup:
  script:
    - corepack enable
    - npm ci --prefer-offline
.base:
  extends: .root
  tags: [docker, "linux"]
  artifacts:
    paths: [
      dist/,
      coverage/   # both
    ]
    expire_in: 1 week
.root:
  before_script:
    - !reference [.setup, script]
build:
  extends: .base
  needs: []
  script:
    - npm run build
    - 'echo "done: yes"'
  inherit: {default: [image], variables: false}
test:
  extends: [.base, .coverage]
  needs: [build]
  script:
    - !reference [build, script]
    - >-
      npx vitest
      --coverage
.coverage:
  coverage: '/All files.*?(\\d+)%/'
`,
  `spec:
  inputs:
    environment: {options: [staging, production], default: staging}
    replicas: {type: number, default: 2}
    verbose: {type: boolean, default: no}
    steps: {type: array, default: [plan, apply]}
    tag: {regex: '^v[0-9.]+$', default: v1.0}
    size:
      rules:
        - if: $[[ inputs.environment ]] == "production"
          options: [l]
          default: l
        - options: [s, m]
          default: s
---
"deploy $[[ inputs.environment ]]":
  image: { name: "hashicorp/terraform:$[[ inputs.tag | truncate(1,3) ]]", entrypoint: [""] }
  script:
    - terraform $[[ inputs.verbose ]]
    - $[[ inputs.steps ]]
    - echo $[[ inputs.environment | expand_vars | posix_escape ]]
  parallel: $[[ inputs.replicas ]]
  when: manual
  environment:
    name: $[[ inputs.environment ]]/$[[ inputs.size ]]
`,
];

/** What the second of them includes. */
export const INCLUDED: ReadonlyMap<string, string> = new Map([
  ["ci/more.yml", "include: ci/jobs/a.yml\nmore: {script: x}\n"],
  ["ci/jobs/a.yml", ".root: {image: alpine}\na: {extends: .base, script: [a]}\n"],
  ["ci/jobs/b.yml", "b:\n  script: !reference [.setup, script]\n"],
  [
    "ci/template.yml",
    'spec: {inputs: {name: , count: {type: number}, flags: {type: array}}}\n---\n"t-$[[ inputs.name ]]":\n  script: ["run $[[ inputs.count ]]", "$[[ inputs.flags ]]"]\n',
  ],
]);
