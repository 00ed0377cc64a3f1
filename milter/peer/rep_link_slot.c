/*
 * Redis Cluster's slots: of a key, and who serves them.
 */
#include "peer/rep_link_node.h"

/* CRC-16/XMODEM, as the cluster specification says. */
static unsigned
crc16(struct str s)
{
	unsigned crc = 0;

	for (size_t i = 0; i < s.len; i++) {
		crc ^= (unsigned)(uint8_t)s.p[i] << 8;
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 0x8000 ? (crc << 1 ^ 0x1021) & 0xffff
					   : crc << 1 & 0xffff;
	}
	return crc;
}

unsigned
rep_link_slot(struct str key)
{
	size_t open = str_find_char(key, '{');

	if (open != STR_NPOS) {
		struct str tag = str_skip(key, open + 1);
		size_t close = str_find_char(tag, '}');

		if (close != STR_NPOS && close > 0)
			key = str_head(tag, close);
	}
	return crc16(key) % SLOTS;
}

static struct rep_node *
slot_node(struct rep_link *l, const struct redis_reply *range,
    const struct rep_node *from)
{
	const struct redis_reply *who = redis_at(range, 2);
	struct str host = redis_text(redis_at(who, 0));
	int64_t port = redis_int(redis_at(who, 1), 0);
	struct rep_address a = {.port = (int)port};

	if (port <= 0 || port > 65535 || host.len >= sizeof(a.host))
		return NULL;
	/* An empty host means the one that was asked. */
	if (host.len == 0)
		memcpy(a.host, from->address.host, sizeof(a.host));
	else
		memcpy(a.host, host.p, host.len);
	return link_node_take(l, &a, false);
}

void
link_learn_slots(struct rep_link *l, const struct redis_reply *r,
    const struct rep_node *from)
{
	struct rep_node *fresh[SLOTS] = {0};
	size_t covered = 0;

	for (size_t i = 0; i < redis_count(r) && i < SLOTS; i++) {
		const struct redis_reply *range = redis_at(r, i);
		int64_t low = redis_int(redis_at(range, 0), -1);
		int64_t high = redis_int(redis_at(range, 1), -1);
		struct rep_node *n = slot_node(l, range, from);

		if (n == NULL || low < 0 || high >= SLOTS)
			continue;
		for (; low <= high; low++, covered++)
			fresh[low] = n;
	}
	if (covered == 0)
		return;
	memcpy(l->slot, fresh, sizeof(fresh));
	for (size_t i = 0; i < l->nodes.len; i++)
		l->nodes.v[i]->wanted = false;
	for (size_t i = 0; i < SLOTS; i++)
		if (fresh[i] != NULL)
			fresh[i]->wanted = true;
	for (size_t i = 0; i < l->nodes.len; i++)
		if (l->nodes.v[i]->wanted && l->nodes.v[i]->state == NODE_IDLE)
			link_node_connect(l->nodes.v[i]);
	l->slots_wanted = covered < SLOTS;
	link_tell(l);
}
