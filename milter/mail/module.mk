noinst_LIBRARIES += libmail.a
libmail_a_SOURCES = \
	milter/mail/message.h milter/mail/message_internal.h \
	milter/mail/envelope.h milter/mail/settings.h milter/mail/settings.c \
	milter/mail/header.c milter/mail/header.h \
	milter/mail/words.c milter/mail/words.h \
	milter/mail/ctype.c milter/mail/ctype.h \
	milter/mail/date.c milter/mail/date.h milter/mail/date_zone.def \
	milter/mail/decode.c milter/mail/decode.h \
	milter/mail/lines.c milter/mail/lines.h \
	milter/mail/mime.c milter/mail/mime.h milter/mail/mime_head.c \
	milter/mail/mime_head.h milter/mail/mime_internal.h \
	milter/mail/mime_part.c \
	milter/mail/addr.c milter/mail/addr.h \
	milter/mail/authres.c milter/mail/authres.h \
	milter/mail/bigrams.h \
	milter/mail/addr_match.c milter/mail/addr_match.h \
	milter/mail/message.c milter/mail/trace_record.c \
	milter/mail/trace_record.h milter/mail/header_query.c \
	milter/mail/header_query.h milter/mail/header_source.c \
	milter/mail/header_envelope.c milter/mail/header_modify.c \
	milter/mail/render.c milter/mail/render.h \
	milter/mail/iptext.c milter/mail/iptext.h \
	milter/mail/psl.c milter/mail/psl.h \
	milter/mail/psl_memo.c milter/mail/psl_memo.h \
	milter/mail/uri.c milter/mail/uri.h milter/mail/uri_canon.c milter/mail/uri_escape.c \
	milter/mail/uri_html.c milter/mail/uri_internal.h \
	milter/mail/uri_message.c milter/mail/uri_text.c \
	milter/mail/uri_type.def

check_PROGRAMS += t/unit/bin/mail_psl t/unit/bin/mail_uri
EXTRA_DIST += t/unit/mail_fixture.h
t_unit_bin_mail_psl_SOURCES = t/unit/mail_psl.c
t_unit_bin_mail_psl_LDADD = $(MAIL_LIBS)
t_unit_bin_mail_uri_SOURCES = t/unit/mail_uri.c
t_unit_bin_mail_uri_LDADD = $(MAIL_LIBS)

# The texts body and rawbody rules see.
libmail_a_SOURCES += \
	milter/mail/charset.c milter/mail/charset.h \
	milter/mail/charset_codec.h \
	milter/mail/charset_codecs.def milter/mail/charset_runs.def \
	milter/mail/charset_decode.c \
	milter/mail/charset_escape.c \
	milter/mail/charset_name.c \
	milter/mail/html.c milter/mail/html.h milter/mail/html_internal.h \
	milter/mail/html_color.c milter/mail/html_color.def \
	milter/mail/html_element.def \
	milter/mail/html_entity.c milter/mail/html_entity.def \
	milter/mail/html_entity.h \
	milter/mail/html_layout.c \
	milter/mail/html_repair.c \
	milter/mail/html_link.c milter/mail/html_test.c \
	milter/mail/html_style.c milter/mail/html_style.h \
	milter/mail/html_token.c milter/mail/html_token.h \
	milter/mail/text.c \
	milter/mail/unicode.c milter/mail/unicode.h \
	milter/mail/unicode_word.def

# Where a message came from.
libmail_a_SOURCES += \
	milter/mail/received.c milter/mail/received.def \
	milter/mail/received_auth.c milter/mail/received_auth.def \
	milter/mail/received_common.c milter/mail/received_internal.h \
	milter/mail/received_match.c milter/mail/received_match.h \
	milter/mail/relay.c milter/mail/relay.h

check_PROGRAMS += t/unit/bin/mail_relay
t_unit_bin_mail_relay_SOURCES = t/unit/mail_relay.c
t_unit_bin_mail_relay_LDADD = $(MAIL_LIBS)
# The message, its structure and its header fields.
check_PROGRAMS += t/unit/bin/mail_authres t/unit/bin/mail_decode \
	t/unit/bin/mail_ctype t/unit/bin/mail_date \
	t/unit/bin/mail_words t/unit/bin/mail_addr t/unit/bin/mail_header \
	t/unit/bin/mail_mime t/unit/bin/mail_message
t_unit_bin_mail_authres_SOURCES = t/unit/mail_authres.c
t_unit_bin_mail_authres_LDADD = $(MAIL_LIBS)
t_unit_bin_mail_message_SOURCES = t/unit/mail_message.c
t_unit_bin_mail_message_LDADD = $(MAIL_LIBS)
t_unit_bin_mail_decode_SOURCES = t/unit/mail_decode.c
t_unit_bin_mail_decode_LDADD = $(MAIL_LIBS)
t_unit_bin_mail_ctype_SOURCES = t/unit/mail_ctype.c
t_unit_bin_mail_ctype_LDADD = $(MAIL_LIBS)
t_unit_bin_mail_date_SOURCES = t/unit/mail_date.c
t_unit_bin_mail_date_LDADD = $(MAIL_LIBS)
t_unit_bin_mail_words_SOURCES = t/unit/mail_words.c
t_unit_bin_mail_words_LDADD = $(MAIL_LIBS)
t_unit_bin_mail_addr_SOURCES = t/unit/mail_addr.c
t_unit_bin_mail_addr_LDADD = $(MAIL_LIBS)
t_unit_bin_mail_header_SOURCES = t/unit/mail_header.c
t_unit_bin_mail_header_LDADD = $(MAIL_LIBS)
t_unit_bin_mail_mime_SOURCES = t/unit/mail_mime.c
t_unit_bin_mail_mime_LDADD = $(MAIL_LIBS)

if FUZZ
noinst_PROGRAMS += t/fuzz/fuzz_message t/fuzz/fuzz_authres
t_fuzz_fuzz_authres_SOURCES = t/fuzz/fuzz_authres.c
t_fuzz_fuzz_authres_LDADD = $(MAIL_LIBS)
t_fuzz_fuzz_authres_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
t_fuzz_fuzz_message_SOURCES = t/fuzz/fuzz_message.c
t_fuzz_fuzz_message_LDADD = $(MAIL_LIBS)
t_fuzz_fuzz_message_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
endif

if FUZZ
noinst_PROGRAMS += t/fuzz/fuzz_uri t/fuzz/fuzz_received
t_fuzz_fuzz_uri_SOURCES = t/fuzz/fuzz_uri.c
t_fuzz_fuzz_uri_LDADD = $(MAIL_LIBS)
t_fuzz_fuzz_uri_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
t_fuzz_fuzz_received_SOURCES = t/fuzz/fuzz_received.c
t_fuzz_fuzz_received_LDADD = $(MAIL_LIBS)
t_fuzz_fuzz_received_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
endif

check_PROGRAMS += t/unit/bin/mail_charset t/unit/bin/mail_html t/unit/bin/mail_text
t_unit_bin_mail_charset_SOURCES = t/unit/mail_charset.c
t_unit_bin_mail_charset_LDADD = $(MAIL_LIBS)
t_unit_bin_mail_html_SOURCES = t/unit/mail_html.c
t_unit_bin_mail_html_LDADD = $(MAIL_LIBS)
t_unit_bin_mail_text_SOURCES = t/unit/mail_text.c
t_unit_bin_mail_text_LDADD = $(MAIL_LIBS)

if FUZZ
noinst_PROGRAMS += t/fuzz/fuzz_charset t/fuzz/fuzz_html
t_fuzz_fuzz_charset_SOURCES = t/fuzz/fuzz_charset.c
t_fuzz_fuzz_charset_LDADD = $(MAIL_LIBS)
t_fuzz_fuzz_charset_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
t_fuzz_fuzz_html_SOURCES = t/fuzz/fuzz_html.c
t_fuzz_fuzz_html_LDADD = $(MAIL_LIBS)
t_fuzz_fuzz_html_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
endif
