# One list of commands; `just` alone prints it. The scripts behind them work without just.

_list:
    @just --list --unsorted

# Run the gateway on the embedded stores; ARGS after `just run`, e.g. `just run --listen 127.0.0.1:0`
run *ARGS:
    cargo run -- {{ARGS}}

# Run the gateway on PostgreSQL, MongoDB, Elasticsearch, Redis and RabbitMQ
run-stores *ARGS: stores-up
    eval "$(scripts/stores env --app)" && cargo run -- {{ARGS}}

# Everything that must hold before a merge; `just test --quick -- NAME` for one test
test *ARGS:
    scripts/test {{ARGS}}

# Format and lints
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings

# Fuzz what reads bytes of strangers; `just fuzz 600 documents` for one target, for ten minutes
fuzz *ARGS:
    scripts/fuzz {{ARGS}}

# Hold the dependencies to deny.toml
deny:
    scripts/deny

# Build and open the docs of the code
doc:
    cargo doc --no-deps --workspace --open

# Start the real stores natively and keep them up: tests start quicker
stores-up:
    scripts/stores up

# Stop them and delete their data
stores-down:
    scripts/stores down

# Export schema.graphql from the code
schema:
    cargo run --quiet -- schema > target/schema.graphql
    mv target/schema.graphql schema.graphql

# Build the page at / from web/graphiql; `npm run dev` there shows changes as they are made
graphiql:
    cd web/graphiql && npm ci && npm run build

# Accept or reject changed golden answers (cargo install cargo-insta)
golden-review:
    cargo insta review

# Measure Polygraph beside other servers on the real stores; `just bench --quick` for a look
bench *ARGS:
    bench/run {{ARGS}}

# Measure starts, memory, seeding and queries on both sets of stores; `--large` for a million likes, too
bench-alone *ARGS: stores-up
    cargo build --release --workspace
    target/release/polygraph-bench alone --stores embedded {{ARGS}}
    eval "$(scripts/stores env --app)" && target/release/polygraph-bench alone --stores real {{ARGS}}

# An hour of load while one store after the other is killed
soak *ARGS:
    cargo build --release --workspace
    target/release/polygraph-bench soak {{ARGS}}

# What tools of attackers find at a gateway in production mode
probe *ARGS:
    cargo build
    scripts/probe {{ARGS}}
