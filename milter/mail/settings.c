#include "mail/settings.h"

#include <stdlib.h>

void
mail_settings_init(struct mail_settings *s)
{
	*s = (struct mail_settings){
	    .limits =
		{
		    .header_name = 256,
		    .header_value = 8192,
		    .header_all = 65536,
		    .header_count = 1000,
		    .mime_parts = 1000,
		    .mime_depth = 20,
		    .body_line = 2048,
		    .body_part = 50000,
		    .rawbody_part = 500000,
		    .uri = 8192,
		    .uris = 10000,
		},
	    .normalize_charset = true,
	    .parse_dkim_uris = true,
	    .psl_memo = psl_memo_new(),
	};
}

static void
fini_networks(struct network_list *l)
{
	free(l->v);
	*l = (struct network_list){0};
}

void
mail_settings_fini(struct mail_settings *s)
{
	map_free(&s->tld);
	map_free(&s->tld2);
	map_free(&s->tld3);
	psl_memo_free(&s->psl_memo);
	fini_networks(&s->trusted);
	fini_networks(&s->internal);
	fini_networks(&s->msa);
	for (size_t i = 0; i < s->redirector_count; i++) {
		regex_free(&s->redirectors[i].regex);
		free((char *)(uintptr_t)s->redirectors[i].need.p);
	}
	free(s->redirectors);
	free(s->originating_ip_headers);
	*s = (struct mail_settings){0};
}
