# The test bench; the tests of base/. Other layers' unit tests stand in their
# own module.mk.
EXTRA_DIST += t/bench/make-rules t/bench/outage.pl t/bench/refusals.pl \
	t/bench/scale t/run-suite t/tsan.supp \
	t/unit/access_ask.h t/unit/eval_of.h t/unit/own_dir.h t/unit/random_walk.h \
	t/unit/snapshot_of.h t/unit/tap.h \
	t/e2e t/golden t/lint t/miltertest t/parity
AM_CPPFLAGS += -I$(srcdir)/t/unit

check_PROGRAMS += t/unit/bin/base_arena
t_unit_bin_base_arena_SOURCES = t/unit/base_arena.c
t_unit_bin_base_arena_LDADD = $(BASE_LIBS)
check_PROGRAMS += t/unit/bin/base_io
t_unit_bin_base_io_SOURCES = t/unit/base_io.c
t_unit_bin_base_io_LDADD = $(BASE_LIBS)
check_PROGRAMS += t/unit/bin/base_ip
t_unit_bin_base_ip_SOURCES = t/unit/base_ip.c
t_unit_bin_base_ip_LDADD = $(BASE_LIBS)
check_PROGRAMS += t/unit/bin/base_map
t_unit_bin_base_map_SOURCES = t/unit/base_map.c
t_unit_bin_base_map_LDADD = $(BASE_LIBS)
check_PROGRAMS += t/unit/bin/base_regex
t_unit_bin_base_regex_SOURCES = t/unit/base_regex.c
t_unit_bin_base_regex_LDADD = $(BASE_LIBS)
check_PROGRAMS += t/unit/bin/base_str
t_unit_bin_base_str_SOURCES = t/unit/base_str.c
t_unit_bin_base_str_LDADD = $(BASE_LIBS)

# For scripts/bench.
check_PROGRAMS += t/bench/bin/noop t/bench/bin/load
t_bench_bin_noop_SOURCES = t/bench/noop.c
t_bench_bin_noop_LDADD = $(MILTER_LIBS)
t_bench_bin_load_SOURCES = t/bench/load.c
t_bench_bin_load_LDADD = $(BASE_LIBS)
