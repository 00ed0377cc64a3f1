/*
 * Named limits of the rule language. Rule files come from admins, channels and
 * update scripts; none of them may exhaust the daemon that loads them.
 */
#ifndef POSTERN_RULE_LIMITS_H
#define POSTERN_RULE_LIMITS_H

#define RULE_FILE_MAX ((size_t)32 * 1024 * 1024) /* bytes of one file */
#define RULE_LINE_MAX ((size_t)256 * 1024)	 /* bytes of one line */
#define RULE_NAME_MAX ((size_t)100)
#define RULE_NAME_LONG ((size_t)40) /* a warning above */
#define RULE_COUNT_MAX ((size_t)200000)
#define RULE_INCLUDE_DEPTH 20
#define RULE_IF_DEPTH 100
#define RULE_SETTING_MAX ((size_t)2000000)
#define RULE_TEST_MAX ((size_t)100000)
#define REPLACE_PASSES 6
#define REPLACE_SIZE_MAX ((size_t)4 * 1024 * 1024) /* expanded pattern */
#define EXPR_TOKEN_MAX ((size_t)20000)
#define EXPR_DEPTH_MAX 200
#define EXPR_STACK_MAX 256
#define EVAL_ARG_MAX 64
#define TEMPLATE_VALUE_MAX 100	/* values of one tag */
#define TEMPLATE_SIZE_MAX 65000 /* of a pattern, tags put in */
#define PATTERN_NESTING_MAX 200 /* groups in groups */
#define URI_CRITERIA_MAX 64	/* written in one line */

#endif
