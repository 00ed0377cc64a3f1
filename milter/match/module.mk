noinst_LIBRARIES += libmatch.a
libmatch_a_SOURCES = \
	milter/match/attempt.c milter/match/attempt.h \
	milter/match/automaton.c milter/match/automaton.h \
	milter/match/cache.c milter/match/cache.h \
	milter/match/candidate.c milter/match/candidate.h \
	milter/match/capture.c milter/match/capture.h \
	milter/match/cost.c milter/match/cost.h \
	milter/match/counter.c milter/match/counter.h \
	milter/match/dfa.c milter/match/dfa.h \
	milter/match/dfa_table.c milter/match/dfa_table.h \
	milter/match/dict_index.c milter/match/dict_index.h \
	milter/match/dict_counter.h milter/match/dict_leet.c \
	milter/match/dict_pattern.c milter/match/dict_scan.c milter/match/dict_scan.h \
	milter/match/dict_score.c milter/match/dict_texts.c \
	milter/match/dict_words.c \
	milter/match/effort.c milter/match/effort.h \
	milter/match/hits.c milter/match/hits.h \
	milter/match/hot.c milter/match/hot.h \
	milter/match/hot_choice.c milter/match/hot_choice.h \
	milter/match/literal.c milter/match/literal.h \
	milter/match/literal_set.c milter/match/literal_set.h \
	milter/match/nfa.c milter/match/nfa.h \
	milter/match/nfa_walk.c milter/match/nfa_walk.h \
	milter/match/plan.c milter/match/plan.h \
	milter/match/prefilter.c milter/match/prefilter.h \
	milter/match/rarity.c milter/match/rarity.h \
	milter/match/run.c milter/match/run.h \
	milter/match/sample.c milter/match/sample.h \
	milter/match/scan.c milter/match/scan.h \
	milter/match/scratch.c milter/match/scratch.h \
	milter/match/select.c milter/match/select.h \
	milter/match/shape.c milter/match/shape.h \
	milter/match/shape_set.c milter/match/shape_set.h \
	milter/match/special.c milter/match/special.h \
	milter/match/stage.def \
	milter/match/stages.c milter/match/stages.h \
	milter/match/starts.c milter/match/starts.h \
	milter/match/texts.c milter/match/texts.h \
	milter/match/tree.c milter/match/tree.h \
	milter/match/tree_class.c milter/match/tree_parser.h \
	milter/match/trial.c milter/match/trial.h \
	milter/match/unbroken.c milter/match/unbroken.h

check_PROGRAMS += t/unit/bin/match_automaton t/unit/bin/match_dict_scan
t_unit_bin_match_automaton_SOURCES = t/unit/match_automaton.c
t_unit_bin_match_automaton_LDADD = $(MATCH_LIBS)
t_unit_bin_match_dict_scan_SOURCES = t/unit/match_dict_scan.c
t_unit_bin_match_dict_scan_LDADD = $(MATCH_LIBS)

check_PROGRAMS += t/unit/bin/match_rarity
t_unit_bin_match_rarity_SOURCES = t/unit/match_rarity.c
t_unit_bin_match_rarity_LDADD = $(MATCH_LIBS)

check_PROGRAMS += t/unit/bin/match_sample
t_unit_bin_match_sample_SOURCES = t/unit/match_sample.c
t_unit_bin_match_sample_LDADD = $(MATCH_LIBS)

check_PROGRAMS += t/unit/bin/match_shape
t_unit_bin_match_shape_SOURCES = t/unit/match_shape.c
t_unit_bin_match_shape_LDADD = $(MATCH_LIBS)

check_PROGRAMS += t/unit/bin/match_prefilter
t_unit_bin_match_prefilter_SOURCES = t/unit/match_prefilter.c
t_unit_bin_match_prefilter_LDADD = $(MATCH_LIBS)

check_PROGRAMS += t/unit/bin/match_literal
t_unit_bin_match_literal_SOURCES = t/unit/match_literal.c
t_unit_bin_match_literal_LDADD = $(MATCH_LIBS)

check_PROGRAMS += t/unit/bin/match_shipped
t_unit_bin_match_shipped_SOURCES = t/unit/match_shipped.c
t_unit_bin_match_shipped_LDADD = $(MATCH_LIBS)

check_PROGRAMS += t/unit/bin/match_hits
t_unit_bin_match_hits_SOURCES = t/unit/match_hits.c
t_unit_bin_match_hits_LDADD = $(MATCH_LIBS)

check_PROGRAMS += t/unit/bin/match_dfa
t_unit_bin_match_dfa_SOURCES = t/unit/match_dfa.c
t_unit_bin_match_dfa_LDADD = $(MATCH_LIBS)

check_PROGRAMS += t/unit/bin/match_unbroken
t_unit_bin_match_unbroken_SOURCES = t/unit/match_unbroken.c
t_unit_bin_match_unbroken_LDADD = $(MATCH_LIBS)

check_PROGRAMS += t/unit/bin/match_effort
t_unit_bin_match_effort_SOURCES = t/unit/match_effort.c
t_unit_bin_match_effort_LDADD = $(MATCH_LIBS)

check_PROGRAMS += t/unit/bin/match_counter
t_unit_bin_match_counter_SOURCES = t/unit/match_counter.c
t_unit_bin_match_counter_LDADD = $(MATCH_LIBS)

check_PROGRAMS += t/unit/bin/match_trial
t_unit_bin_match_trial_SOURCES = t/unit/match_trial.c
t_unit_bin_match_trial_LDADD = $(MATCH_LIBS)

check_PROGRAMS += t/unit/bin/match_starts
t_unit_bin_match_starts_SOURCES = t/unit/match_starts.c
t_unit_bin_match_starts_LDADD = $(MATCH_LIBS)

check_PROGRAMS += t/unit/bin/match_hot
t_unit_bin_match_hot_SOURCES = t/unit/match_hot.c
t_unit_bin_match_hot_LDADD = $(MATCH_LIBS)

check_PROGRAMS += t/unit/bin/match_cache
t_unit_bin_match_cache_SOURCES = t/unit/match_cache.c
t_unit_bin_match_cache_LDADD = $(MATCH_LIBS)

check_PROGRAMS += t/unit/bin/match_candidate
t_unit_bin_match_candidate_SOURCES = t/unit/match_candidate.c
t_unit_bin_match_candidate_LDADD = $(MATCH_LIBS)

if FUZZ
noinst_PROGRAMS += t/fuzz/fuzz_dict
t_fuzz_fuzz_dict_SOURCES = t/fuzz/fuzz_dict.c
t_fuzz_fuzz_dict_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
t_fuzz_fuzz_dict_LDADD = $(MATCH_LIBS)

noinst_PROGRAMS += t/fuzz/fuzz_match_confirm
t_fuzz_fuzz_match_confirm_SOURCES = t/fuzz/fuzz_match_confirm.c t/fuzz/pattern_text.h
t_fuzz_fuzz_match_confirm_LDADD = $(MATCH_LIBS)
t_fuzz_fuzz_match_confirm_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer

noinst_PROGRAMS += t/fuzz/fuzz_match_literal
t_fuzz_fuzz_match_literal_SOURCES = t/fuzz/fuzz_match_literal.c t/fuzz/pattern_text.h
t_fuzz_fuzz_match_literal_LDADD = $(MATCH_LIBS)
t_fuzz_fuzz_match_literal_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
endif
