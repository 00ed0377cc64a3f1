/*
 * A milter that does nothing: what libmilter, the socket and the client cost by
 * themselves.
 *
 *	noop SOCKET [replying]
 *
 * It negotiates the same steps as posternd, so the MTA waits for a reply at
 *RCPT and at the end of the message only; with "replying" it answers every
 *step, as a milter does that does not negotiate.
 */
#include <libmilter/mfapi.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool replying;

static sfsistat
quiet(void)
{
	return replying ? SMFIS_CONTINUE : SMFIS_NOREPLY;
}

static sfsistat
on_connect(SMFICTX *ctx, char *host, _SOCK_ADDR *address)
{
	(void)ctx;
	(void)host;
	(void)address;
	return quiet();
}

static sfsistat
on_helo(SMFICTX *ctx, char *text)
{
	(void)ctx;
	(void)text;
	return quiet();
}

static sfsistat
on_mail(SMFICTX *ctx, char **argv)
{
	(void)ctx;
	(void)argv;
	return quiet();
}

static sfsistat
on_recipient(SMFICTX *ctx, char **argv)
{
	(void)ctx;
	(void)argv;
	return SMFIS_CONTINUE;
}

static sfsistat
on_header(SMFICTX *ctx, char *name, char *value)
{
	(void)ctx;
	(void)name;
	(void)value;
	return quiet();
}

static sfsistat
on_step(SMFICTX *ctx)
{
	(void)ctx;
	return quiet();
}

static sfsistat
on_body(SMFICTX *ctx, unsigned char *chunk, size_t len)
{
	(void)ctx;
	(void)chunk;
	(void)len;
	return quiet();
}

static sfsistat
on_end(SMFICTX *ctx)
{
	(void)ctx;
	return SMFIS_CONTINUE;
}

static sfsistat
on_negotiate(SMFICTX *ctx, unsigned long f0, unsigned long f1, unsigned long f2,
    unsigned long f3, unsigned long *pf0, unsigned long *pf1,
    unsigned long *pf2, unsigned long *pf3)
{
	(void)ctx;
	(void)f2;
	(void)f3;
	*pf0 = f0 & (SMFIF_ADDHDRS | SMFIF_CHGHDRS);
	*pf1 = replying
		   ? 0
		   : f1 & (SMFIP_NOUNKNOWN | SMFIP_NR_CONN | SMFIP_NR_HELO |
			      SMFIP_NR_MAIL | SMFIP_NR_DATA | SMFIP_NR_HDR |
			      SMFIP_NR_EOH | SMFIP_NR_BODY);
	*pf2 = *pf3 = 0;
	return SMFIS_CONTINUE;
}

int
main(int argc, char **argv)
{
	static char name[] = "noop";
	struct smfiDesc milter = {
	    .xxfi_name = name,
	    .xxfi_version = SMFI_VERSION,
	    .xxfi_flags = SMFIF_ADDHDRS | SMFIF_CHGHDRS,
	    .xxfi_connect = on_connect,
	    .xxfi_helo = on_helo,
	    .xxfi_envfrom = on_mail,
	    .xxfi_envrcpt = on_recipient,
	    .xxfi_header = on_header,
	    .xxfi_eoh = on_step,
	    .xxfi_body = on_body,
	    .xxfi_eom = on_end,
	    .xxfi_data = on_step,
	    .xxfi_negotiate = on_negotiate,
	};

	replying = argc == 3 && strcmp(argv[2], "replying") == 0;
	if (argc != 2 + replying || smfi_register(milter) != MI_SUCCESS ||
	    smfi_setconn(argv[1]) != MI_SUCCESS ||
	    smfi_opensocket(1) != MI_SUCCESS) {
		fprintf(stderr, "usage: noop unix:/path [replying]\n");
		return 2;
	}
	return smfi_main() == MI_SUCCESS ? 0 : 1;
}
