#include "match/sample.h"

/* Relayed, plain, to a list. */
static const char to_list[] =
    "Return-Path: <users-admin@lists.example.org>\n"
    "Received: from localhost (localhost [127.0.0.1])\n"
    "\tby mail.example.com (Postfix) with ESMTP id 8A51C2F3D4\n"
    "\tfor <ann@localhost>; Thu, 12 Sep 2019 06:14:05 -0400 (EDT)\n"
    "Received: from mail.example.com [192.0.2.17]\n"
    "\tby localhost with IMAP (fetchmail-6.3.26)\n"
    "\tfor <ann@localhost> (single-drop); Thu, 12 Sep 2019 11:14:05 +0100\n"
    "Received: from lists.example.org (lists.example.org [198.51.100.23]) by\n"
    "    mx.example.com (8.14.7/8.14.7) with ESMTP id x8CA3kT04181 for\n"
    "    <ann@example.com>; Thu, 12 Sep 2019 11:03:46 +0100\n"
    "Received: from lists.example.org (localhost.localdomain [127.0.0.1])\n"
    "\tby lists.example.org (Postfix) with ESMTP\n"
    "\tid 2C0E7440B1; Thu, 12 Sep 2019 06:03:02 -0400 (EDT)\n"
    "Delivered-To: users@lists.example.org\n"
    "Received: from out3.provider.example (out3.provider.example\n"
    "    [203.0.113.61]) by lists.example.org (Postfix) with SMTP id\n"
    "    65B47294184 for <users@lists.example.org>; Thu,\n"
    "    12 Sep 2019 06:02:13 -0400 (EDT)\n"
    "From: Robert Smith <robert.smith@provider.example>\n"
    "To: users@lists.example.org\n"
    "Subject: Re: [users] the new version and your settings\n"
    "Message-ID: <20190912100212.GA31415@provider.example>\n"
    "References: <3D7F1E95.60906@example.com>\n"
    "In-Reply-To: <3D7F1E95.60906@example.com>\n"
    "MIME-Version: 1.0\n"
    "Content-Type: text/plain; charset=us-ascii\n"
    "Content-Transfer-Encoding: 7bit\n"
    "User-Agent: Mutt/1.5.21\n"
    "X-Mailer: Mutt/1.5.21\n"
    "Precedence: bulk\n"
    "List-Help: <mailto:users-request@lists.example.org?subject=help>\n"
    "List-Post: <mailto:users@lists.example.org>\n"
    "List-Unsubscribe: <https://lists.example.org/mailman/listinfo/users>,\n"
    "    <mailto:users-request@lists.example.org?subject=unsubscribe>\n"
    "Date: Thu, 12 Sep 2019 11:02:12 +0100\n"
    "\n"
    "On Wed, Sep 11, 2019 at 05:41:27PM +0200, Mary Jones wrote:\n"
    "> I have installed the latest version on my machine, and now it does\n"
    "> not start any more when I log in. Is there something I should know?\n"
    "\n"
    "It will be one of the old files that are still in your home directory.\n"
    "You can move them out of the way and try it again, or you could send\n"
    "me what it says. Most people here had the same problem with the last\n"
    "release, so I think that we should have a page about this.\n"
    "\n"
    "If that is not it, then have a look at the notes; they are at\n"
    "http://www.provider.example/docs/install.html and have been there for\n"
    "some time. All the other programs use what is in /etc, which is\n"
    "what I would do as well if I had to set up more than one machine.\n"
    "\n"
    "Robert\n"
    "\n"
    "_______________________________________________\n"
    "users mailing list\n"
    "users@lists.example.org\n"
    "http://lists.example.org/mailman/listinfo/users\n";

/* A trader's, straight to us, in HTML. */
static const char to_customer[] =
    "Return-Path: <news@shop.example.net>\n"
    "Received: from shop.example.net (web2.shop.example.net [203.0.113.9])\n"
    "\tby mx.example.com (Postfix) with ESMTP id 4F1B22D05C\n"
    "\tfor <ann@example.com>; Mon, 16 Sep 2019 09:31:44 +0100 (BST)\n"
    "Received: from app (unknown [10.0.4.2])\n"
    "\tby shop.example.net (Postfix) with ESMTP id 90D1E1A7F\n"
    "\tfor <ann@example.com>; Mon, 16 Sep 2019 08:31:40 +0000 (UTC)\n"
    "From: \"Example Shop\" <news@shop.example.net>\n"
    "Reply-To: news@shop.example.net\n"
    "To: ann@example.com\n"
    "Subject: New offers for you this week\n"
    "Date: Mon, 16 Sep 2019 08:31:40 -0000\n"
    "Message-ID: <000b01c25d5a$36d79640$0200a8c0@shop.example.net>\n"
    "MIME-Version: 1.0\n"
    "Content-Type: text/html; charset=\"iso-8859-1\"\n"
    "Content-Transfer-Encoding: 7bit\n"
    "X-Mailer: Microsoft Outlook Express 6.00.2600.0000\n"
    "X-Priority: 3\n"
    "\n"
    "<html>\n<head>\n"
    "<meta http-equiv=\"Content-Type\" content=\"text/html; "
    "charset=iso-8859-1\">\n"
    "<title>Example Shop</title>\n"
    "<style type=\"text/css\">\n"
    "td {font-family: Arial, Helvetica; font-size: 12px}\n"
    "</style>\n</head>\n"
    "<body bgcolor=\"#FFFFFF\" text=\"#000000\" link=\"#003399\">\n"
    "<table width=\"600\" border=\"0\" cellspacing=\"0\" "
    "cellpadding=\"4\">\n"
    "<tr><td align=\"center\">"
    "<a href=\"http://www.shop.example.net/index.html\">"
    "<img src=\"http://www.shop.example.net/images/top.gif\" "
    "width=\"600\" height=\"100\" border=\"0\"></a></td></tr>\n"
    "<tr><td><font face=\"Arial, Helvetica\" size=\"2\" color=\"#000000\">\n"
    "<p>Dear customer,</p>\n"
    "<p>Thank you for your order. You will receive our offers by email\n"
    "every week, because you asked for this on our web site. All of the\n"
    "prices below are good until the end of the month, and there is free\n"
    "delivery to any address in the country.<br><br>\n"
    "<b>Save up to 20% on our new range of books and music.</b> "
    "Click <a href=\"http://www.shop.example.net/cgi-bin/offers.cgi?id=1203"
    "\">here</a> to see more than 10,000 titles from as little as $9.95. "
    "You can also call us: (555) 010-2000, Monday to Friday.<br>\n"
    "&nbsp;</p>\n"
    "<p>We hope that you have found what you want, and that it is the best\n"
    "price you can get. If not, please let us know: our business is to make\n"
    "it easy for people like you.</p>\n"
    "</font></td></tr>\n"
    "<tr><td align=\"center\">"
    "<font face=\"Arial, Helvetica\" size=\"1\" color=\"#666666\">"
    "&copy; 2019 Example Shop. All rights reserved.<br>\n"
    "To be removed from our list, click "
    "<a href=\"http://www.shop.example.net/unsubscribe.html\">here</a> or "
    "send a message to <a href=\"mailto:remove@shop.example.net\">"
    "remove@shop.example.net</a>.</font></td></tr>\n"
    "</table>\n</body>\n</html>\n";

/* A company's, of both kinds. */
static const char to_member[] =
    "Return-Path: <bounce-77120@mailer.company.example>\n"
    "Received: from mx2.example.com (mx2.example.com [192.0.2.31])\n"
    "\tby mail.example.com (8.15.2/8.15.2) with ESMTP id v3BLm5Qp011925\n"
    "\tfor <ann@example.com>; Tue, 11 Apr 2017 22:48:06 -0400\n"
    "Received: from out7.mailer.company.example\n"
    "\t(out7.mailer.company.example [198.51.100.77])\n"
    "\tby mx2.example.com with ESMTPS id 5C7D3302\n"
    "\tfor <ann@example.com>; Tue, 11 Apr 2017 22:48:05 -0400 (EDT)\n"
    "Message-ID: <1491965284.58ed93e4b1d62@mailer.company.example>\n"
    "Date: Wed, 12 Apr 2017 02:48:04 +0000\n"
    "Subject: Your account summary for March\n"
    "From: Company News <news@company.example>\n"
    "Reply-To: Company Support <support@company.example>\n"
    "To: Ann Miller <ann@example.com>\n"
    "MIME-Version: 1.0\n"
    "Content-Type: multipart/alternative;\n"
    "\tboundary=\"=_e8f0b1a2\"\n"
    "List-Unsubscribe: <http://mailer.company.example/u/77120>\n"
    "\n"
    "--=_e8f0b1a2\n"
    "Content-Type: text/plain; charset=UTF-8\n"
    "Content-Transfer-Encoding: quoted-printable\n"
    "\n"
    "Hello Ann,\n"
    "\n"
    "This is the summary of your account with us. You can read it in your\n"
    "web browser at any time: http://www.company.example/account/\n"
    "\n"
    "If you have questions about it, or want to change your address, our\n"
    "team is here to help. Just reply to this email.\n"
    "--=_e8f0b1a2\n"
    "Content-Type: text/html; charset=UTF-8\n"
    "Content-Transfer-Encoding: quoted-printable\n"
    "\n"
    "<!DOCTYPE html>\n"
    "<html><head><meta charset=3D\"utf-8\"><title>Summary</title>\n"
    "<style>body{margin:0} a{color:#1a73e8}</style></head>\n"
    "<body style=3D\"margin:0;padding:0;background:#f4f4f4\">\n"
    "<table width=3D\"100%\" cellpadding=3D\"0\" cellspacing=3D\"0\" "
    "border=3D\"0\"><tr><td align=3D\"center\">\n"
    "<table width=3D\"640\" border=3D\"0\"><tr><td>\n"
    "<a href=3D\"https://www.company.example/?m=3D77120\"><img src=3D\""
    "https://cdn.company.example/logo.png\" width=3D\"120\" height=3D\"40\""
    " alt=3D\"Company\" border=3D\"0\"></a></td></tr>\n"
    "<tr><td style=3D\"font-family:Arial,sans-serif;font-size:14px;"
    "color:#333333\">\n"
    "<p>Hello Ann,</p>\n"
    "<p>This is the summary of your account with us. You can read it in\n"
    "your <a href=3D\"http://www.company.example/account/\">web browser</a>\n"
    "at any time.</p>\n"
    "<p>If you have questions about it, or want to change your address,\n"
    "our team is here to help. Just reply to this email.</p>\n"
    "</td></tr><tr><td><span style=3D\"font-size:11px;color:#999999\">\n"
    "You receive this because you are a member. <a href=3D\""
    "http://mailer.company.example/u/77120\">Unsubscribe</a>\n"
    "</span></td></tr></table></td></tr></table>\n"
    "</body></html>\n"
    "--=_e8f0b1a2--\n";

static const char *const messages[SAMPLE_MESSAGES] = {
    to_list, to_customer, to_member};

static void
gather(struct sample *s, const char *raw, const struct query_set *queries,
    struct texts *out)
{
	struct message *m =
	    message_new(&s->arena, &s->settings, NULL, 0, str_from(raw));

	if (m == NULL || !texts_gather(m, queries, out))
		*out = (struct texts){0};
}

void
sample_init(struct sample *s, const struct query_set *queries)
{
	arena_init(&s->arena, 0);
	mail_settings_init(&s->settings);
	for (size_t k = 0; k < SAMPLE_MESSAGES; k++)
		gather(s, messages[k], queries, &s->texts[k]);
}

void
sample_fini(struct sample *s)
{
	mail_settings_fini(&s->settings);
	arena_fini(&s->arena);
}

void
sample_strings(const struct sample *s, enum view view, size_t first,
    size_t step, struct sample_strings *out)
{
	for (size_t k = 0; k < SAMPLE_MESSAGES; k++) {
		const struct str_list *all = &s->texts[k].list[view];
		size_t n = 0;

		for (size_t i = first; i < all->len && n < SAMPLE_STRINGS_MAX;
		     i += step)
			if (all->v[i].len > 0)
				out->v[k][n++] = all->v[i];
		out->list[k] = (struct str_list){.v = out->v[k], .len = n};
	}
}
