/*
 * Rules that are not one pattern tried on the strings of one view: exists, tags
 * and templates, joined MIME headers, uri_detail.
 *
 * What has a plural name runs all rules of its kind. One thread at a time.
 */
#ifndef POSTERN_MATCH_SPECIAL_H
#define POSTERN_MATCH_SPECIAL_H

#include "match/attempt.h"

void special_exists(struct run *r);
/* Rules whose groups set tags; before all others. */
void special_captures(struct run *r);
/* Rules that use tags; after all others. */
void special_templates(struct run *r);
void special_concats(struct run *r);
void special_mime_negated(struct run *r);
void special_uri_details(struct run *r);
/* One of them, of plan.templates or plan.uri_details. */
void special_template(struct run *r, const struct special *special);
void special_uri_detail(struct run *r, const struct special *special);

/* Fills need and tags of a template; memory from `a`. */
void special_template_need(struct special *special, struct arena *a);

#endif
