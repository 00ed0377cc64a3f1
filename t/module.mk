EXTRA_DIST += t/run-suite t/unit/tap.h
AM_CPPFLAGS += -I$(srcdir)/t/unit

check_PROGRAMS += t/unit/bin/base_arena
t_unit_bin_base_arena_SOURCES = t/unit/base_arena.c
t_unit_bin_base_arena_LDADD = $(BASE_LIBS)
