#include "cli/bench.h"

#include "base/json.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "rule/ruleset.h"

#include <stdlib.h>

#define NS_PER_SECOND 1e9

static double
share(double part, double whole)
{
	return whole > 0 ? part / whole : 0;
}

static int
compare_rules(const void *a, const void *b)
{
	const struct bench_rule *x = a, *y = b;

	if (x->ns != y->ns)
		return x->ns < y->ns ? 1 : -1;
	return x->rule->index < y->rule->index ? -1 : 1;
}

void
bench_count_rules(struct bench_result *r)
{
	const struct snapshot *s = r->snapshot;

	r->rules = mem_array(s->rules->count + 1, sizeof(*r->rules));
	r->rule_count = s->rules->count;
	for (uint32_t i = 0; i < s->rules->count; i++) {
		struct bench_rule *p = &r->rules[i];

		p->rule = &s->rules->rules[i];
		plan_rule_cost(s->plan, i, &p->tried, &p->hits, &p->ns);
	}
}

void
bench_price_rules(struct bench_result *r)
{
	size_t n = 0;

	for (uint32_t i = 0; i < r->rule_count; i++) {
		struct bench_rule now = r->rules[i], *before = &r->rules[i];

		plan_rule_cost(
		    r->snapshot->plan, i, &now.tried, &now.hits, &now.ns);
		now.tried -= before->tried;
		now.hits -= before->hits;
		now.ns -= before->ns;
		r->rules[n] = now;
		n += now.tried > 0;
	}
	r->rule_count = n;
	qsort(r->rules, n, sizeof(*r->rules), compare_rules);
}

static double
micros(uint64_t ns, uint64_t messages)
{
	return share((double)ns / 1000, (double)messages);
}

static uint64_t
stage_sum(const struct bench_result *r)
{
	uint64_t sum = 0;

	for (int i = 0; i < STAGE_COUNT; i++)
		sum += r->stage_ns[i];
	return sum;
}

/* ---- for programs -------------------------------------------------------- */

static struct json *
stages_json(const struct bench_result *r)
{
	struct json *j = json_new_object();

	for (int i = 0; i < STAGE_COUNT; i++)
		json_set_double(j, stage_text((enum stage)i),
		    micros(r->stage_ns[i], r->stage_messages));
	return j;
}

static struct json *
rules_json(const struct bench_result *r, size_t top)
{
	struct json *list = json_new_array();
	const struct bench_rule *v = r->rules;

	for (size_t i = 0; i < r->rule_count && i < top; i++) {
		struct json *j = json_new_object();

		json_set_str(j, "name", v[i].rule->name);
		json_set_double(j, "us", micros(v[i].ns, r->rule_messages));
		json_set_double(j, "tried",
		    share((double)v[i].tried, (double)r->rule_messages));
		json_append(list, j);
	}
	return list;
}

static void
print_json(const struct bench_result *r, size_t top)
{
	struct json *j = json_new_object();
	double wall = (double)r->wall_ns / NS_PER_SECOND;
	double cpu = (double)r->cpu_ns / NS_PER_SECOND;
	struct buf line;

	json_set_int(j, "files", (int64_t)r->files);
	json_set_int(j, "threads", (int64_t)r->threads);
	json_set_int(j, "messages", (int64_t)r->messages);
	json_set_int(j, "bytes", (int64_t)r->bytes);
	json_set_int(j, "hits", (int64_t)r->hits);
	json_set_double(j, "load_seconds", (double)r->load_ns / NS_PER_SECOND);
	json_set_double(j, "seconds", wall);
	json_set_double(j, "cpu_seconds", cpu);
	json_set_double(j, "per_second", share((double)r->messages, wall));
	json_set_double(j, "per_cpu_second", share((double)r->messages, cpu));
	json_set_double(
	    j, "mb_per_second", share((double)r->bytes / 1e6, wall));
	json_set(j, "stage_us", stages_json(r));
	json_set(j, "rules", rules_json(r, top));
	buf_init(&line);
	json_format(j, 0, &line);
	buf_add_char(&line, '\n');
	cli_write(buf_str(&line));
	buf_fini(&line);
	json_unref(&j);
}

/* ---- for people ---------------------------------------------------------- */

static void
add_figures(const struct bench_result *r, struct buf *out)
{
	double wall = (double)r->wall_ns / NS_PER_SECOND;
	double cpu = (double)r->cpu_ns / NS_PER_SECOND;

	buf_printf(out, "rules        %zu ready in %.2f s\n",
	    r->snapshot->rules->count, (double)r->load_ns / NS_PER_SECOND);
	buf_printf(out, "messages     %llu of %.1f kB, %.1f rules hit each\n",
	    (unsigned long long)r->messages,
	    share((double)r->bytes / 1e3, (double)r->messages),
	    share((double)r->hits, (double)r->messages));
	buf_printf(out,
	    "throughput   %.0f messages/s, %.1f MB/s with %zu "
	    "thread%s\n",
	    share((double)r->messages, wall),
	    share((double)r->bytes / 1e6, wall), r->threads,
	    r->threads == 1 ? "" : "s");
	buf_printf(out,
	    "processor    %.3f ms a message: %.0f messages/s a "
	    "core\n",
	    share(cpu * 1000, (double)r->messages),
	    share((double)r->messages, cpu));
}

static void
add_stages(const struct bench_result *r, struct buf *out)
{
	double sum = (double)stage_sum(r);

	buf_printf(out, "\n%-14s %10s %6s\n", "stage", "us/message", "share");
	for (int i = 0; i < STAGE_COUNT; i++)
		buf_printf(out, "%-14s %10.1f %5.1f%%\n",
		    stage_text((enum stage)i),
		    micros(r->stage_ns[i], r->stage_messages),
		    100 * share((double)r->stage_ns[i], sum));
}

static void
add_rules(const struct bench_result *r, size_t top, struct buf *out)
{
	const struct bench_rule *v = r->rules;

	buf_printf(out, "\n%10s %14s  %s\n", "us/message", "tries/message",
	    "most expensive rules");
	for (size_t i = 0; i < r->rule_count && i < top; i++)
		buf_printf(out, "%10.2f %14.2f  %.*s\n",
		    micros(v[i].ns, r->rule_messages),
		    share((double)v[i].tried, (double)r->rule_messages),
		    STR_ARG(v[i].rule->name));
}

static void
print_text(const struct bench_result *r, size_t top)
{
	struct buf out;

	buf_init(&out);
	add_figures(r, &out);
	add_stages(r, &out);
	add_rules(r, top, &out);
	cli_write(buf_str(&out));
	buf_fini(&out);
}

void
bench_print(const struct bench_result *r, size_t top, bool json)
{
	if (json)
		print_json(r, top);
	else
		print_text(r, top);
}
