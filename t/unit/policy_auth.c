#include "eval_of.h"

#define NOW 1711411200

/* Who handed the message to mx.example.org, and before that. */
#define OURS                                                       \
	"Received: from mail.sender.example (mail.sender.example " \
	"[203.0.113.7])\n\tby mx.example.org with ESMTP id 1; "    \
	"Tue, 26 Mar 2024 00:00:00 +0000\n"
#define THEIRS                                                      \
	"Received: from desk (desk.sender.example [203.0.113.9])\n" \
	"\tby mail.sender.example with ESMTP id 2; "                \
	"Tue, 26 Mar 2024 00:00:00 +0000\n"
#define FROM "From: Ada <ada@sender.example>\n"
#define AR "Authentication-Results: mx.example.org; "
#define PATH "Return-Path: <ada@sender.example>\n"

#define SPF(result, pairs) "Received-SPF: " result " (why) " pairs "\n"
#define SIGNED(result, domain) AR "dkim=" result " header.d=" domain "\n"

struct row {
	const char *call;
	const char *settings;
	const char *header;
	bool want;
};

static const struct row rows[] = {
    /* whom to believe */
    {"check_for_spf_pass()", "", AR "spf=pass smtp.mailfrom=sender.example\n",
	true},
    {"check_for_spf_pass()", "",
	"Authentication-Results: MX.Example.Org; spf=pass\n", true},
    {"check_for_spf_pass()", "",
	"Authentication-Results: mx.sender.example; spf=pass\n", false},
    {"check_for_spf_pass()", "",
	"Authentication-Results: \"mx.example.org\"; spf=pass\n", true},
    {"check_for_spf_pass()", "", "Authentication-Results: spf=pass\n", false},
    {"check_for_spf_pass()", "", FROM, false},
    {"check_for_spf_pass()", "", AR "spf=pass\n" OURS THEIRS, true},
    {"check_for_spf_pass()", "", OURS AR "spf=pass\n" THEIRS, true},
    {"check_for_spf_pass()", "", OURS THEIRS AR "spf=pass\n", false},
    /* the topmost field tells */
    {"check_for_spf_pass()", "", AR "spf=fail\n" AR "spf=pass\n", false},
    {"check_for_spf_fail()", "", AR "spf=fail\n" AR "spf=pass\n", true},
    {"check_dkim_valid()", "",
	AR "dkim=none\n" SIGNED("pass", "sender.example"), false},
    {"check_dkim_valid()", "", AR "spf=fail\n" SIGNED("pass", "sender.example"),
	true},
    {"check_dkim_valid('b.example')", "",
	AR "dkim=pass header.d=a.example; dkim=pass header.d=b.example\n",
	true},

    /* SPF */
    {"check_for_spf_neutral()", "", AR "spf=neutral\n", true},
    {"check_for_spf_none()", "", AR "spf=none\n", true},
    {"check_for_spf_softfail()", "", AR "spf=SoftFail\n", true},
    {"check_for_spf_fail()", "", AR "spf=hardfail\n", true},
    {"check_for_spf_permerror()", "", AR "spf=permerror\n", true},
    {"check_for_spf_temperror()", "", AR "spf=temperror\n", true},
    {"check_for_spf_none()", "", AR "dkim=none\n", false},
    {"check_for_spf_pass()", "", AR "spf=odd\n", false},
    {"check_for_spf_pass()", "", AR "spf=pass smtp.helo=mail\n", false},
    {"check_for_spf_helo_pass()", "", AR "spf=pass smtp.helo=mail\n", true},
    {"check_for_spf_helo_pass()", "", AR "spf=pass smtp.mailfrom=x\n", false},
    {"check_for_spf_helo_fail()", "",
	AR "spf=pass smtp.mailfrom=x; spf=fail smtp.helo=y\n", true},
    {"check_for_spf_pass()", "",
	AR "spf=pass smtp.mailfrom=x; spf=fail smtp.helo=y\n", true},
    {"check_for_spf_pass()", "",
	SPF("Pass", "identity=mailfrom; receiver=mx.example.org;"), true},
    {"check_for_spf_softfail()", "", SPF("softfail", "receiver=MX.example.org"),
	true},
    {"check_for_spf_helo_pass()", "",
	SPF("pass", "identity=helo;receiver=mx.example.org"), true},
    {"check_for_spf_pass()", "",
	SPF("pass", "identity=helo; receiver=mx.example.org"), false},
    {"check_for_spf_pass()", "", SPF("pass", "receiver=other.example"), false},
    {"check_for_spf_pass()", "", SPF("pass", "xreceiver=mx.example.org"),
	false},
    {"check_for_spf_pass()", "", SPF("pass", "client-ip=203.0.113.7"), false},
    {"check_for_spf_pass()", "",
	OURS THEIRS SPF("pass", "receiver=mx.example.org"), false},
    {"check_for_spf_fail()", "",
	SPF("pass", "receiver=mx.example.org") AR "spf=fail\n", true},
    {"check_for_spf_welcomelist_from()",
	"welcomelist_from_spf *@sender.example\n", PATH AR "spf=pass\n", true},
    {"check_for_spf_welcomelist_from()", "welcomelist_auth *@sender.example\n",
	PATH AR "spf=pass\n", true},
    {"check_for_spf_whitelist_from()", "whitelist_auth *@sender.example\n",
	PATH AR "spf=pass\n", true},
    {"check_for_spf_welcomelist_from()",
	"def_welcomelist_auth *@sender.example\n", PATH AR "spf=pass\n", false},
    {"check_for_def_spf_welcomelist_from()",
	"def_welcomelist_auth *@sender.example\n", PATH AR "spf=pass\n", true},
    {"check_for_spf_welcomelist_from()",
	"welcomelist_from_spf *@sender.example\n", PATH AR "spf=fail\n", false},
    {"check_for_spf_welcomelist_from()",
	"welcomelist_from_spf *@other.example\n", PATH AR "spf=pass\n", false},
    {"check_for_spf_welcomelist_from()",
	"welcomelist_from_spf *@sender.example\n", FROM AR "spf=pass\n", false},

    /* DKIM */
    {"check_dkim_signed()", "", SIGNED("fail", "sender.example"), true},
    {"check_dkim_signed()", "", AR "dkim=none\n", false},
    {"check_dkim_signed('sender.example')", "",
	SIGNED("fail", "Sender.Example"), true},
    {"check_dkim_signed('other.example')", "", SIGNED("fail", "sender.example"),
	false},
    {"check_dkim_valid()", "", SIGNED("fail", "sender.example"), false},
    {"check_dkim_valid()", "", SIGNED("pass", "sender.example"), true},
    {"check_dkim_verified()", "", SIGNED("pass", "sender.example"), true},
    {"check_dkim_valid('a.example', '*.sender.example')", "",
	SIGNED("pass", "mail.sender.example"), true},
    {"check_dkim_valid('.sender.example')", "",
	SIGNED("pass", "sender.example"), true},
    {"check_dkim_valid('*.sender.example')", "",
	SIGNED("pass", "xsender.example"), false},
    {"check_dkim_valid_author_sig()", "", FROM SIGNED("pass", "sender.example"),
	true},
    {"check_dkim_valid_author_sig()", "", FROM SIGNED("pass", "other.example"),
	false},
    {"check_dkim_valid_author_sig()", "", FROM SIGNED("fail", "sender.example"),
	false},
    {"check_dkim_valid_author_sig()", "",
	FROM AR "dkim=pass header.d=example header.i=@sender.example\n", true},
    {"check_dkim_valid_envelopefrom()", "",
	PATH SIGNED("pass", "sender.example"), true},
    {"check_dkim_valid_envelopefrom()", "",
	PATH SIGNED("pass", "other.example"), false},
    {"check_dkim_valid_envelopefrom()", "",
	FROM SIGNED("pass", "sender.example"), false},
    {"check_dkim_dependable()", "", AR "dkim=none\n", true},
    {"check_dkim_dependable()", "", AR "spf=pass\n", false},
    {"check_dkim_testing()", "", SIGNED("pass", "sender.example"), false},

    /* lists a signature vouches for */
    {"check_for_dkim_welcomelist_from()",
	"welcomelist_from_dkim *@sender.example\n",
	FROM SIGNED("pass", "sender.example"), true},
    {"check_for_dkim_welcomelist_from()",
	"welcomelist_from_dkim *@sender.example\n",
	FROM SIGNED("fail", "sender.example"), false},
    {"check_for_dkim_welcomelist_from()",
	"welcomelist_from_dkim *@sender.example\n",
	FROM SIGNED("pass", "other.example"), false},
    {"check_for_dkim_welcomelist_from()",
	"welcomelist_from_dkim *@sender.example signer.example\n",
	FROM SIGNED("pass", "signer.example"), true},
    {"check_for_dkim_welcomelist_from()",
	"welcomelist_from_dkim *@sender.example *.signer.example\n",
	FROM SIGNED("pass", "a.signer.example"), true},
    {"check_for_dkim_welcomelist_from()",
	"welcomelist_from_dkim *@sender.example *.signer.example\n",
	FROM SIGNED("pass", "signer.example"), false},
    {"check_for_dkim_welcomelist_from()",
	"welcomelist_from_dkim *@sender.example who@signer.example\n",
	FROM SIGNED("pass", "signer.example"), true},
    {"check_for_dkim_whitelist_from()", "welcomelist_auth *@sender.example\n",
	FROM SIGNED("pass", "sender.example"), true},
    {"check_for_dkim_welcomelist_from()", "welcomelist_auth *@sender.example\n",
	FROM SIGNED("pass", "other.example"), false},
    {"check_for_def_dkim_welcomelist_from()",
	"def_welcomelist_auth *@*.example\n",
	FROM SIGNED("pass", "sender.example"), true},
    {"check_for_def_dkim_whitelist_from()",
	"def_welcomelist_from_dkim *@sender.example\n",
	FROM SIGNED("pass", "sender.example"), true},

    /* who should have signed */
    {"check_dkim_adsp('D')", "adsp_override sender.example\n",
	FROM AR "dkim=none\n", true},
    {"check_dkim_adsp('D')", "adsp_override sender.example\n",
	FROM SIGNED("fail", "sender.example"), true},
    {"check_dkim_adsp('D')", "adsp_override sender.example\n",
	FROM SIGNED("pass", "sender.example"), false},
    {"check_dkim_adsp('D')", "adsp_override sender.example\n", FROM, false},
    {"check_dkim_adsp('1')", "adsp_override *.example custom_low\n",
	FROM AR "dkim=none\n", true},
    {"check_dkim_adsp('2')", "adsp_override *.example custom_low\n",
	FROM AR "dkim=none\n", false},
    {"check_dkim_adsp('*')", "adsp_override * custom_high\n",
	FROM AR "dkim=none\n", true},
    {"check_dkim_adsp('*')",
	"adsp_override * all\nadsp_override sender.example unknown\n",
	FROM AR "dkim=none\n", false},
    {"check_dkim_adsp('A', 'other.example')", "adsp_override * all\n",
	FROM AR "dkim=none\n", false},
    {"check_dkim_adsp('A', '*.example')", "adsp_override * all\n",
	FROM AR "dkim=none\n", true},
    {"check_dkim_signall()", "adsp_override * all\n", FROM AR "dkim=none\n",
	true},
    {"check_dkim_signsome()", "adsp_override * all\n", FROM AR "dkim=none\n",
	false},

    /* ARC, DMARC */
    {"check_arc_signed()", "", AR "arc=fail\n", true},
    {"check_arc_signed()", "", AR "arc=none\n", false},
    {"check_arc_valid()", "", AR "arc=fail\n", false},
    {"check_arc_valid()", "", AR "arc=pass\n", true},
    {"check_dmarc_pass()", "", AR "dmarc=pass (p=none) header.from=x\n", true},
    {"check_dmarc_missing()", "", AR "dmarc=none header.from=x\n", true},
    {"check_dmarc_reject()", "", AR "dmarc=fail (p=reject dis=none)\n", true},
    {"check_dmarc_reject()", "", AR "dmarc=fail (sp=none P=REJECT)\n", true},
    {"check_dmarc_quarantine()", "",
	AR "dmarc=fail header.from=x policy.dmarc=quarantine\n", true},
    {"check_dmarc_none()", "", AR "dmarc=fail (p=none,sp=reject)\n", true},
    {"check_dmarc_none()", "", AR "dmarc=fail (sp=none)\n", false},
    {"check_dmarc_reject()", "", AR "dmarc=pass (p=reject)\n", false},
    {"check_dmarc_missing()", "", AR "dmarc=temperror\n", false},
};

static double
value_of(const struct row *r, const struct facts *facts)
{
	bool header = str_starts(str_from(r->call), STR("check_for_")) ||
		      strstr(r->call, "dmarc") || strstr(r->call, "adsp") ||
		      strstr(r->call, "testing");
	char rule[200], mail[2000];
	struct eval_case e = {.settings = r->settings,
	    .rule = rule,
	    .config = "trusted_authserv_ids = a.example, mx.example.org\n",
	    .mail = mail,
	    .facts = facts,
	    .now = NOW,
	    .options = {.plugins = PLUGINS_STOCK, .score_set = 1}};

	snprintf(rule, sizeof(rule), "%s T eval:%s", header ? "header" : "full",
	    r->call);
	snprintf(mail, sizeof(mail), "%s\ntext\n", r->header);
	return eval_of(&e);
}

static void
test_rows(void)
{
	struct facts nothing = {0};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ok((value_of(&rows[i], &nothing) != 0) == rows[i].want,
		    "row %zu: %s", i, rows[i].call);
}

/* Our own check comes first, whatever fields say. */
static void
test_own_spf(void)
{
	struct row pass = {"check_for_spf_pass()", "", AR "spf=pass\n", true};
	struct row fail = {"check_for_spf_fail()", "", AR "spf=pass\n", true};
	struct row helo = {"check_for_spf_helo_fail()", "", FROM, true};
	struct facts f = {.spf = SPF_FAIL};

	f.envelope.has_sender = true;
	f.envelope.sender = STR("ada@sender.example");
	ok(value_of(&fail, &f) == 1, "our SPF result is asked");
	ok(value_of(&pass, &f) == 0, "a field does not change it");
	ok(value_of(&helo, &f) == 0, "it is about the sender");
	f.envelope.sender = STR_NONE;
	ok(value_of(&helo, &f) == 1, "with the null sender about the greeting");
	ok(value_of(&pass, &f) == 1, "and fields tell of the sender");
	f.spf = SPF_UNKNOWN;
	ok(value_of(&pass, &f) == 1, "without one fields tell");
}

int
main(void)
{
	test_rows();
	test_own_spf();
	return done_testing();
}
