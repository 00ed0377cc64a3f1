noinst_LIBRARIES += libbase.a
libbase_a_SOURCES = \
	milter/base/arena.c milter/base/arena.h \
	milter/base/bitset.c milter/base/bitset.h \
	milter/base/block.h \
	milter/base/buf.c milter/base/buf.h \
	milter/base/cidr_trie.c milter/base/cidr_trie.h \
	milter/base/clean.c milter/base/clean.h \
	milter/base/clock.c milter/base/clock.h \
	milter/base/compat.h \
	milter/base/counted.h \
	milter/base/diag.c milter/base/diag.h \
	milter/base/err.c milter/base/err.h \
	milter/base/file.c milter/base/file.h \
	milter/base/ip.c milter/base/ip.h \
	milter/base/json.c milter/base/json.h \
	milter/base/json_write.c milter/base/json_write.h \
	milter/base/lanes.h \
	milter/base/log.c milter/base/log.h \
	milter/base/map.c milter/base/map.h \
	milter/base/mem.c milter/base/mem.h \
	milter/base/random.c milter/base/random.h \
	milter/base/ref.c milter/base/ref.h \
	milter/base/regex.c milter/base/regex.h \
	milter/base/spares.c milter/base/spares.h \
	milter/base/sparse.h \
	milter/base/str.c milter/base/str.h \
	milter/base/unicode.c milter/base/unicode.h \
	milter/base/vec.h \
	milter/base/zip.c milter/base/zip.h

check_PROGRAMS += t/unit/bin/base_buf
t_unit_bin_base_buf_SOURCES = t/unit/base_buf.c
t_unit_bin_base_buf_LDADD = $(BASE_LIBS)

check_PROGRAMS += t/unit/bin/base_json_write
t_unit_bin_base_json_write_SOURCES = t/unit/base_json_write.c
t_unit_bin_base_json_write_LDADD = $(BASE_LIBS)
check_PROGRAMS += t/unit/bin/base_sparse
t_unit_bin_base_sparse_SOURCES = t/unit/base_sparse.c
t_unit_bin_base_sparse_LDADD = $(BASE_LIBS)
check_PROGRAMS += t/unit/bin/base_zip
t_unit_bin_base_zip_SOURCES = t/unit/base_zip.c
t_unit_bin_base_zip_LDADD = $(BASE_LIBS)
check_PROGRAMS += t/unit/bin/base_ref
t_unit_bin_base_ref_SOURCES = t/unit/base_ref.c
t_unit_bin_base_ref_LDADD = $(BASE_LIBS)
check_PROGRAMS += t/unit/bin/base_spares
t_unit_bin_base_spares_SOURCES = t/unit/base_spares.c
t_unit_bin_base_spares_LDADD = $(BASE_LIBS)
