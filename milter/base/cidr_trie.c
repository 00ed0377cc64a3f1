#include "base/cidr_trie.h"

#include "base/vec.h"

#include <endian.h>
#include <string.h>

/* Nodes refer to each other by index, so the whole trie is one block. */
struct node {
	struct ip net;
	uint8_t bits;
	uint32_t child[2]; /* 0 = none: the root is nobody's child */
	void *value;
};

struct cidr_trie {
	VEC(struct node) nodes;
	size_t values;
};

struct cidr_trie *
cidr_trie_new(void)
{
	struct cidr_trie *t = mem_alloc(sizeof(*t));

	*VEC_PUSH(&t->nodes) = (struct node){0};
	return t;
}

void
cidr_trie_free(struct cidr_trie **tp)
{
	if (*tp == NULL)
		return;
	VEC_FINI(&(*tp)->nodes);
	free(*tp);
	*tp = NULL;
}

static unsigned
bit_of(const struct ip *ip, unsigned i)
{
	return i < 128 ? ip->byte[i / 8] >> (7 - i % 8) & 1u : 0;
}

/* Eight bytes as the number they are in network order. */
static uint64_t
number_of(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return be64toh(v);
}

static unsigned
common_bits(const struct ip *a, const struct ip *b, unsigned max)
{
	for (unsigned i = 0; i < 16; i += 8) {
		uint64_t diff = number_of(a->byte + i) ^ number_of(b->byte + i);

		if (diff != 0) {
			unsigned n = i * 8 + (unsigned)__builtin_clzll(diff);

			return n < max ? n : max;
		}
	}
	return max;
}

static uint32_t
add_node(struct cidr_trie *t, const struct ip *net, unsigned bits, void *value)
{
	*VEC_PUSH(&t->nodes) = (struct node){
	    .net = ip_mask(net, bits), .bits = (uint8_t)bits, .value = value};
	return (uint32_t)(t->nodes.len - 1);
}

/* Puts a node for the common prefix of `at`'s child and the new network
 * between the two, and returns it. */
static uint32_t
split(struct cidr_trie *t, uint32_t at, unsigned side, const struct cidr *net,
    unsigned common)
{
	uint32_t below = t->nodes.v[at].child[side];
	uint32_t mid = add_node(t, &net->net, common, NULL);

	t->nodes.v[mid].child[bit_of(&t->nodes.v[below].net, common)] = below;
	t->nodes.v[at].child[side] = mid;
	return mid;
}

static void *
put(struct cidr_trie *t, uint32_t at, void *value)
{
	void *former = t->nodes.v[at].value;

	t->values += former == NULL;
	t->nodes.v[at].value = value;
	return former;
}

void *
cidr_trie_set(struct cidr_trie *t, const struct cidr *net, void *value)
{
	uint32_t at = 0;

	while (t->nodes.v[at].bits < net->bits) {
		unsigned side = bit_of(&net->net, t->nodes.v[at].bits);
		uint32_t next = t->nodes.v[at].child[side];
		const struct node *n = &t->nodes.v[next];
		unsigned common;

		if (next == 0) {
			next = add_node(t, &net->net, net->bits, NULL);
			t->nodes.v[at].child[side] = next;
			return put(t, next, value);
		}
		common = common_bits(&n->net, &net->net,
		    n->bits < net->bits ? n->bits : net->bits);
		at = common < n->bits ? split(t, at, side, net, common) : next;
	}
	return put(t, at, value);
}

size_t
cidr_trie_find_all(
    const struct cidr_trie *t, const struct ip *ip, void **out, size_t max)
{
	void *path[129];
	size_t depth = 0, n = 0;
	/* ::/0 and its like are networks of IPv6 alone. */
	uint8_t least = ip_is_v4(ip) ? IP_V4_BITS : 0;
	uint32_t at = 0;

	for (;;) {
		const struct node *node = &t->nodes.v[at];

		if (common_bits(&node->net, ip, node->bits) < node->bits)
			break;
		if (node->value != NULL && node->bits >= least)
			path[depth++] = node->value;
		if (node->bits == 128)
			break;
		at = node->child[bit_of(ip, node->bits)];
		if (at == 0)
			break;
	}
	while (n < max && depth > 0)
		out[n++] = path[--depth];
	return n;
}

void *
cidr_trie_find(const struct cidr_trie *t, const struct ip *ip)
{
	void *best;

	return cidr_trie_find_all(t, ip, &best, 1) ? best : NULL;
}

size_t
cidr_trie_count(const struct cidr_trie *t)
{
	return t->values;
}
