# The two commands a newcomer needs:
#   make demo    see appointments and tasks become the same on both sides
#   make test    install what the tests need, and run them all
# More: build, lint, bench, fuzz, model, mutants, generate, pictures, pictures-windows, clean.

SHELL       := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Everything but cmd/window is pure Go. cmd/window over OpenGL needs cgo, compiled by
# clang: gcc takes minutes for one file of go-gl. Without cgo the same program is
# window-soft, which paints in software.
PURE   := CGO_ENABLED=0
WINDOW := CGO_ENABLED=1 CC=clang
FLAGS  := -trimpath
BUILD  := build

# Packages that run nothing at the same time; the race detector has nothing to
# see in them. What imports Fyne's driver needs its C libraries under cgo.
QUIET := internal/e2e|internal/roundtrip|agent/pim|agent/engine|agent/fault|agent/params|agent/side/sidetest|ipc/contract|internal/architecture|assets|installer|cmd/window|exchangesim/schema/gen

# say prints a heading.
say = @printf '\n== %s\n' "$(1)"

.PHONY: help
help:
	@sed -n '1,4s/^# \{0,1\}//p' Makefile

.PHONY: demo
demo: ## the main job, live
	@scripts/setup window || echo "The window can't be built here; the demo runs in the terminal."
	@$(MAKE) --no-print-directory build-pure
	@$(MAKE) --no-print-directory build-window || { rm -f $(BUILD)/window; echo "No window here; the demo runs in the terminal."; }
	@scripts/demo $(DEMO)

.PHONY: build build-pure build-window
build: build-pure build-window

build-pure:
	$(PURE) go build $(FLAGS) -o $(BUILD)/ ./cmd/agent ./cmd/tray
	$(PURE) go build $(FLAGS) -o $(BUILD)/window-soft ./cmd/window

build-window:
	$(WINDOW) go build $(FLAGS) -o $(BUILD)/ ./cmd/window

# The worlds that make test draws for the model are the same each time: when it
# fails, something was changed. make model draws new ones.
TESTSEED := 1128000

.PHONY: test
test: export ABGLEICH_SEED = $(TESTSEED)
test: ## everything, on a bare Debian with Go, git and make
	$(call say,packages)
	@scripts/setup test
	@$(MAKE) --no-print-directory lint
	$(call say,tests)
	@mkdir -p $(BUILD)/wire; wire=$$(mktemp -d $(CURDIR)/$(BUILD)/wire/XXXXXX); \
	$(PURE) ABGLEICH_SCHEMA_RECORD=$$wire go test -timeout 30m $$($(PURE) go list -e ./...); \
	printf '\n== %s\n' 'requests and replies of all tests: valid, and mailing nobody'; \
	$(PURE) go run ./agent/exchangesim/schemacheck/judge $$wire; rm -rf $(BUILD)/wire
	@$(MAKE) --no-print-directory model STEPS=100000 SEED=$(TESTSEED)
	@$(MAKE) --no-print-directory race
	@$(MAKE) --no-print-directory cross
	$(call say,window)
	@$(MAKE) --no-print-directory build-window
	@$(WINDOW) go vet ./cmd/window
	@$(MAKE) --no-print-directory build-pure
	@scripts/smoke
	@scripts/smoke-soft
	@scripts/path
	@printf '\nAll tests passed.\n'

.PHONY: race
race: ## the packages that do several things at once, under the race detector
	$(call say,tests with the race detector)
	@CGO_ENABLED=1 CC=clang go test -race -short -timeout 30m $$($(PURE) go list -e ./... | grep -Ev '/($(QUIET))(/|$$)|^abgleich/ui/window')

.PHONY: cross
cross: ## agent, tray and the window in software for Windows
	$(call say,Windows build)
	@mkdir -p $(BUILD)/windows
	GOOS=windows GOARCH=amd64 $(PURE) go build $(FLAGS) -o $(BUILD)/windows/ ./cmd/agent ./cmd/tray
	GOOS=windows GOARCH=amd64 $(PURE) go build $(FLAGS) -ldflags "-H=windowsgui" -o $(BUILD)/windows/window-soft.exe ./cmd/window
	@GOOS=windows GOARCH=amd64 $(PURE) go vet ./agent/... ./ipc/... ./ui/... ./cmd/...

.PHONY: msi
msi: ## installers for Windows, in build/msi; VERSION=1.2.3
	$(call say,installers)
	@scripts/setup windows
	@scripts/msi

.PHONY: test-windows
test-windows: ## the Windows code and the installers, under Wine
	$(call say,Windows under Wine)
	@scripts/setup windows
	@scripts/wine-tests
	@scripts/test-windows

.PHONY: lint
lint: $(BUILD)/staticcheck
	$(call say,format)
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); \
	if [ -n "$$unformatted" ]; then echo "please run gofmt -w on:"; echo "$$unformatted"; exit 1; fi
	$(call say,vet and staticcheck)
	@$(PURE) go vet $$($(PURE) go list -e ./...)
	@$(PURE) $(BUILD)/staticcheck $$($(PURE) go list -e ./...)

$(BUILD)/staticcheck: tools/go.mod
	@mkdir -p $(BUILD)
	go build -C tools -o ../$(BUILD)/staticcheck honnef.co/go/tools/cmd/staticcheck

.PHONY: bench
bench: build-pure ## how fast: benchmarks, then the demo at full size
	$(PURE) go test -run '^$$' -bench . -benchmem $$($(PURE) go list -e ./...)
	@for d in business exchange; do \
		echo "first sync from the $$d side: 10,000 appointments, 2,000 tasks, 20 ms latency; then 100 live edits"; \
		$(BUILD)/agent demo --json --lang en --users 1 --appointments 10000 --tasks 2000 --latency 20ms --edits 100 --direction $$d 2>/dev/null; \
	done

# Fuzzing finds what nobody thought of; what it found stays in testdata/fuzz, where
# every test run tries it again. About an hour of it: make fuzz FUZZTIME=4m; more for
# the protocol alone: make fuzz FUZZTIME=10m FUZZ=agent/ews
FUZZTIME ?= 1m
FUZZ     ?= .

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME each, one after the other, out of the way of others
	@for file in $$(git grep -l "^func Fuzz" -- "$(FUZZ)" | grep "_test.go$$$$"); do \
		for target in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\).*/\1/p' $$file); do \
			printf '\n== %s %s\n' "$$(dirname $$file)" "$$target"; \
			nice -n 15 env $(PURE) go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "./$$(dirname $$file)"; \
		done; \
	done

# The model tests; make test takes 100,000 steps. SEED=N begins with the seed of a run
# that failed (docs/model.md).
STEPS ?= 1000000
SEED  ?=

.PHONY: model
model: ## random worlds, people and crashes, for STEPS steps
	$(call say,$(STEPS) steps of random worlds)
	@$(PURE) ABGLEICH_STEPS=$(STEPS) ABGLEICH_SEED=$(SEED) go test -v -count 1 -timeout 10h \
		-run 'TestNothingIsLostOrDoubled|TestWhatIsShared' ./agent/executor | awk ' \
		/rapid\] OK|^=== / { next } { print } /rapid\] (failed|flaky)/ { bad++ } \
		/ steps: / { steps += $$2; sub(/.*seeds /, ""); seeds = seeds (seeds ? ", " : "") $$0 } \
		END { printf "%d steps, %d violations; seeds %s\n", steps, bad, seeds }'

.PHONY: mutants
mutants: ## plants bugs one after another and looks whether the tests notice
	$(PURE) go run ./internal/mutants $(MUTANTS)

.PHONY: generate
generate: ## code made from other files: the contract, zones from CLDR, the EWS schema
	scripts/generate

.PHONY: pictures
pictures: ## the screenshots in docs/pictures
	@scripts/setup pictures
	@$(MAKE) --no-print-directory build
	scripts/pictures
	scripts/smoke-soft docs/pictures

.PHONY: pictures-windows
pictures-windows: ## those of the Windows programs, under Wine
	@scripts/setup windows
	scripts/pictures-windows

.PHONY: clean
clean:
	rm -rf $(BUILD)
