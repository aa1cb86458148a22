/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "generator.h"

/* The relative frequency of each kind of step in one kind of world. */
struct profile {
	unsigned slots;
	unsigned services; /* how many are in use */
	unsigned tids;     /* and service tids */
	unsigned unlike_count;
	struct {
		enum operation_kind kind;
		uint16_t weight;
	} unlike[10]; /* differences from everyday[] */
	bool root_alone;
};

static const uint16_t everyday[OP_KINDS] = {
	[OP_OPEN] = 30,      [OP_CLOSE] = 14,   [OP_REQUEST] = 120,    [OP_ALLOCATE] = 60,
	[OP_RELEASE] = 25,   [OP_SYNC] = 5,     [OP_CTL] = 15,         [OP_MALFORMED] = 3,
	[OP_RAW] = 4,        [OP_FLOOD] = 4,    [OP_READ] = 60,        [OP_READ_ALL] = 40,
	[OP_NEXT] = 30,      [OP_SENT] = 40,    [OP_FAILED] = 3,       [OP_LOST] = 2,
	[OP_EXCHANGE] = 120, [OP_ANSWER] = 190, [OP_IGNORE] = 6,       [OP_INDICATE] = 60,
	[OP_REVOKE] = 6,     [OP_RESTART] = 1,  [OP_CTL_INDICATE] = 2, [OP_NOISE] = 4,
	[OP_WAIT] = 20,      [OP_JUMP] = 4,     [OP_PRESS] = 1,
};

static const struct profile profiles[] = {
	{.slots = 12, .services = 3, .tids = 5, .unlike_count = 0, .unlike = {{OP_OPEN, 0}}},
	{.slots = 12,
	 .services = 2,
	 .tids = 3,
	 .unlike_count = 4,
	 .unlike = {{OP_RESET, 1}, {OP_RESTART, 2}, {OP_STOP, 1}, {OP_UNPLUG, 1}}},
	/* Programs that come and go, and leave clients behind. */
	{.slots = 10,
	 .services = 2,
	 .tids = 5,
	 .unlike_count = 4,
	 .unlike = {{OP_OPEN, 90}, {OP_CLOSE, 70}, {OP_RELEASE, 5}, {OP_SYNC, 10}}},
	/* A modem that rarely answers. */
	{.slots = 8,
	 .services = 2,
	 .tids = 3,
	 .unlike_count = 4,
	 .unlike = {{OP_ANSWER, 40}, {OP_IGNORE, 40}, {OP_WAIT, 60}, {OP_JUMP, 20}}},
	/* A port that often fails. */
	{.slots = 8,
	 .services = 3,
	 .tids = 5,
	 .unlike_count = 5,
	 .unlike = {{OP_EXCHANGE, 20},
		    {OP_NEXT, 100},
		    {OP_FAILED, 50},
		    {OP_LOST, 30},
		    {OP_SYNC, 20}}},
	/* Programs that do not read. */
	{.slots = 6,
	 .services = 1,
	 .tids = 9,
	 .unlike_count = 5,
	 .unlike = {{OP_READ, 6},
		    {OP_READ_ALL, 1},
		    {OP_INDICATE, 700},
		    {OP_SYNC, 1},
		    {OP_CTL_INDICATE, 30}}},
	/* Floods, that fill all queues and what may be in flight. */
	{.slots = 6,
	 .services = 1,
	 .tids = 40,
	 .unlike_count = 8,
	 .unlike = {{OP_FLOOD, 40},
		    {OP_CTL, 100},
		    {OP_ANSWER, 120},
		    {OP_EXCHANGE, 60},
		    {OP_IGNORE, 1},
		    {OP_RESTART, 0},
		    {OP_PRESS, 12},
		    {OP_WAIT, 8}}},
	/* Root alone, with all tids of CTL in use. */
	{.slots = 70,
	 .services = 1,
	 .tids = 5,
	 .unlike_count = 9,
	 .unlike = {{OP_OPEN, 120},
		    {OP_CLOSE, 2},
		    {OP_CTL, 500},
		    {OP_ALLOCATE, 200},
		    {OP_ANSWER, 60},
		    {OP_EXCHANGE, 40},
		    {OP_IGNORE, 10},
		    {OP_RESTART, 0},
		    {OP_PRESS, 12}},
	 .root_alone = true},
	/* Users who ask more of CTL than the modem answers. */
	{.slots = 24,
	 .services = 2,
	 .tids = 5,
	 .unlike_count = 8,
	 .unlike = {{OP_CTL, 300},
		    {OP_ALLOCATE, 100},
		    {OP_CLOSE, 8},
		    {OP_ANSWER, 40},
		    {OP_IGNORE, 40},
		    {OP_RESTART, 0},
		    {OP_PRESS, 12},
		    {OP_JUMP, 8}}},
	/* All 254 CIDs of a node in use. */
	{.slots = 6,
	 .services = 1,
	 .tids = 5,
	 .unlike_count = 6,
	 .unlike = {{OP_CLIENTS, 12},
		    {OP_RELEASE, 4},
		    {OP_SYNC, 0},
		    {OP_RESTART, 0},
		    {OP_REVOKE, 2},
		    {OP_CLOSE, 3}},
	 .root_alone = true},
	/* Users who hoard clients. */
	{.slots = 16,
	 .services = 2,
	 .tids = 5,
	 .unlike_count = 8,
	 .unlike = {{OP_ALLOCATE, 250},
		    {OP_RELEASE, 8},
		    {OP_CLIENTS, 4},
		    {OP_RESTART, 0},
		    {OP_SYNC, 2},
		    {OP_REVOKE, 2},
		    {OP_CLOSE, 10},
		    {OP_EXCHANGE, 200}}},
	/* Floods of what the mux answers by itself. */
	{.slots = 10,
	 .services = 2,
	 .tids = 5,
	 .unlike_count = 5,
	 .unlike = {{OP_FLOOD, 120},
		    {OP_SYNC, 20},
		    {OP_MALFORMED, 40},
		    {OP_READ_ALL, 120},
		    {OP_CLOSE, 20}}},
	/* Noise on both sides. */
	{.slots = 8,
	 .services = 2,
	 .tids = 5,
	 .unlike_count = 2,
	 .unlike = {{OP_RAW, 40}, {OP_NOISE, 40}}},
	/* More sessions than may linger. */
	{.slots = 90,
	 .services = 1,
	 .tids = 5,
	 .unlike_count = 9,
	 .unlike = {{OP_OPEN, 300},
		    {OP_CLOSE, 150},
		    {OP_EXCHANGE, 2},
		    {OP_SYNC, 1},
		    {OP_CTL, 200},
		    {OP_NEXT, 3},
		    {OP_SENT, 3},
		    {OP_ANSWER, 20},
		    {OP_FLOOD, 0}}},
};

static const uint8_t services[] = {1, 2, 3, 0x77};

#define COUNT(array)           (sizeof(array) / sizeof((array)[0]))
#define PICK(generator, array) ((array)[random_below(&(generator)->random, COUNT(array))])

/* mux_check() runs after each step in one of this many worlds, as it triples the time. */
#define CHECKED_WORLDS 20

static void choose_users(struct generator *generator, struct world_config *config)
{
	const struct profile *profile = generator->profile;

	generator->users = profile->root_alone ? 1 : 1 + random_below(&generator->random, 4);
	generator->first_user = profile->root_alone ? 0 : random_below(&generator->random, 2);
	config->share_node = random_one_in(&generator->random, 8);
}

void generator_init(struct generator *generator, uint64_t seed, struct world_config *config)
{
	static const uint16_t queues[] = {13, 64, 200, 1000, 5000, 65535};
	static const uint16_t frames[] = {64, 300, 4096, 4096, 65535};
	static const uint16_t modems[] = {2, 6, 6, 10, 30, 254};
	static const uint32_t timeouts[] = {700, 5000, 30000, 300000};
	static const uint32_t ctl_timeouts[] = {700, 3000, 10000, 10000, 60000};
	static const uint32_t orphans[] = {0, 0, 500, 4000, 60000};
	size_t profile;

	generator->random.state = seed * 0x2545F4914F6CDD1D + 1;
	profile = random_below(&generator->random, COUNT(profiles));
	generator->profile = &profiles[profile];
	memcpy(generator->weight, everyday, sizeof(everyday));
	for (size_t i = 0; i < generator->profile->unlike_count; i++)
		generator->weight[generator->profile->unlike[i].kind] =
			generator->profile->unlike[i].weight;
	*config = (struct world_config){
		.nodes = random_one_in(&generator->random, 16)
				 ? MUX_NODES_MAX
				 : 1 + random_below(&generator->random, 3),
		.frame_max = PICK(generator, frames),
		.queue_bytes = PICK(generator, queues),
		.transaction_timeout = PICK(generator, timeouts),
		.ctl_timeout = PICK(generator, ctl_timeouts),
		.orphan_timeout = PICK(generator, orphans),
		.modem_clients = PICK(generator, modems),
		.modem_first_cid = (uint8_t)(1 + random_below(&generator->random, 254)),
		.start_sync = random_one_in(&generator->random, 4),
		.proxy = seed % 3 == 0,
		.silent_end = random_one_in(&generator->random, 3),
		.checked = seed % CHECKED_WORLDS == 0,
	};
	choose_users(generator, config);
	if (generator->weight[OP_CLIENTS] > 4) {
		config->nodes = 1 + random_below(&generator->random, 2);
		config->modem_clients = 254;
	}
	if (generator->weight[OP_CTL_INDICATE] > 2)
		config->queue_bytes =
			random_one_in(&generator->random, 3) ? 65535 : config->queue_bytes;
}

static uint32_t below(struct generator *generator, uint32_t n)
{
	return random_below(&generator->random, n);
}

static bool one_in(struct generator *generator, uint32_t n)
{
	return random_one_in(&generator->random, n);
}

static uint8_t any_service(struct generator *generator)
{
	return services[below(generator, generator->profile->services)];
}

/* An open session, if the generator finds one. */
static uint8_t any_session(struct generator *generator, const struct model *model)
{
	unsigned slot = below(generator, generator->profile->slots);

	for (unsigned i = 0; i < generator->profile->slots && !model_is_open(model, slot); i++)
		slot = (slot + 1) % generator->profile->slots;
	return (uint8_t)slot;
}

/* Mostly a client that the session may use, and sometimes any. */
static void choose_client(struct generator *generator, const struct model *model,
			  struct operation *op)
{
	struct model_client client;

	op->service = any_service(generator);
	op->cid = (uint8_t)below(generator, one_in(generator, 4) ? 256 : 6);
	for (unsigned i = 0; i < 4 && !one_in(generator, 12); i++) {
		if (!model_client(model, below(generator, 4096), &client))
			return;
		if (client.node != model_node(model, op->slot))
			continue;
		op->service = client.service;
		op->cid = client.cid;
		if (one_in(generator, model_may_use(model, op->slot, &client) ? 3 : 9) ||
		    model_holds(model, op->slot, &client))
			return;
	}
}

static void choose_request(struct generator *generator, const struct model *model,
			   struct operation *op)
{
	static const uint16_t messages[] = {0x0020, 0x0021, 0x0022, 0x0001, 0x0002, 0x5556};

	choose_client(generator, model, op);
	op->tid = (uint16_t)(1 + below(generator, generator->profile->tids));
	op->message = PICK(generator, messages);
	op->amount = one_in(generator, 5) ? below(generator, one_in(generator, 9) ? 4000 : 60) : 0;
	if (op->kind == OP_FLOOD) {
		op->amount = 1 + below(generator, one_in(generator, 3) ? 1500 : 40);
		/* If extra, 16 bytes each, as much as a session may queue for the port. */
		op->extra = one_in(generator, 8);
		op->amount = op->extra ? 4096 : op->amount;
	}
}

static void choose_answer(struct generator *generator, struct operation *op)
{
	static const uint16_t errors[] = {3, 5, 7, 26, 31};

	op->amount = one_in(generator, 3) ? below(generator, 4096) : 0;
	op->how.payload = (uint16_t)(one_in(generator, 5) ? below(generator, 300) : 0);
	if (one_in(generator, 20))
		op->how.error = PICK(generator, errors);
	op->how.keep = one_in(generator, 30);
	op->how.wrong_tid = one_in(generator, 60);
	op->how.wrong_message = one_in(generator, 80);
	op->how.wrong_cid = one_in(generator, 80);
	op->how.without_tlv = one_in(generator, 60);
	op->how.odd_client = one_in(generator, 100);
	if (one_in(generator, 20))
		op->how.shape = below(generator, SHAPES);
}

static void choose_device_client(struct generator *generator, const struct model *model,
				 struct operation *op)
{
	struct model_client client;

	op->service = any_service(generator);
	op->cid = (uint8_t)(1 + below(generator, 254));
	if (!one_in(generator, 10) && model_client(model, below(generator, 4096), &client)) {
		op->service = client.service;
		op->cid = client.device_cid;
	}
	if (op->kind == OP_INDICATE && one_in(generator, 3))
		op->cid = 0xFF;
	op->message = (uint16_t)(op->kind == OP_REVOKE ? 0x0024 + below(generator, 2) : 0x0022);
	op->extra = op->kind == OP_REVOKE ? below(generator, 4) : 0;
	op->amount =
		one_in(generator, 3) ? below(generator, one_in(generator, 30) ? 60000 : 400) : 0;
}

static void choose_time(struct generator *generator, const struct world *world,
			struct operation *op)
{
	uint64_t timeout = world_config(world)->transaction_timeout;
	uint64_t ctl = world_config(world)->ctl_timeout;
	uint64_t orphans = world_config(world)->orphan_timeout;
	const uint64_t spans[] = {1,    1,    50,  200,     999,         1000,
				  1001, 2000, ctl, orphans, timeout / 4, timeout};

	op->amount =
		one_in(generator, 2) ? below(generator, 300) : (uint32_t)PICK(generator, spans);
}

static void choose_ctl(struct generator *generator, struct operation *op)
{
	static const uint16_t messages[] = {0x0020, 0x0021, 0x0021, 0x0026, 0xFF00, 0x0024};

	op->message = PICK(generator, messages);
	if (op->kind == OP_MALFORMED)
		op->message = (uint16_t)(0x0022 + below(generator, 2));
	op->cid = (uint8_t)(one_in(generator, 20) ? below(generator, 256) : 0);
	op->tid = (uint16_t)below(generator, 256);
	if (op->message == 0xFF00 && op->tid % 4 == 0)
		op->message = 0xFF22;
	op->service = any_service(generator);
	op->amount = one_in(generator, 3) ? below(generator, 20) : 0;
}

static void fill(struct generator *generator, const struct world *world, struct operation *op)
{
	const struct model *model = world_model(world);

	switch (op->kind) {
	case OP_REQUEST:
	case OP_FLOOD:
	case OP_RELEASE:
		choose_request(generator, model, op);
		break;
	case OP_ALLOCATE:
	case OP_SYNC:
	case OP_CTL:
	case OP_MALFORMED:
		choose_ctl(generator, op);
		break;
	case OP_RAW:
	case OP_NOISE:
		op->amount = 1 + below(generator, one_in(generator, 20) ? 3000 : 30);
		op->extra = (uint32_t)random_next(&generator->random);
		/* Nothing new, only bytes that were held back. */
		if (op->kind == OP_NOISE && one_in(generator, 3))
			op->amount = 0;
		break;
	case OP_READ:
		op->amount = 1 + below(generator, one_in(generator, 3) ? 40 : 4096);
		break;
	case OP_EXCHANGE:
		op->amount = 1 + below(generator, one_in(generator, 9) ? 1200 : 6);
		break;
	case OP_PRESS:
		op->amount = 1 + below(generator, one_in(generator, 6) ? 160 : 8);
		break;
	case OP_ANSWER:
		choose_answer(generator, op);
		break;
	case OP_IGNORE:
		op->amount = below(generator, 4096);
		op->extra = one_in(generator, 2);
		break;
	case OP_RESTART:
		op->extra = one_in(generator, 3);
		break;
	case OP_INDICATE:
	case OP_REVOKE:
	case OP_CTL_INDICATE:
		choose_device_client(generator, model, op);
		break;
	case OP_CLIENTS:
		op->service = any_service(generator);
		op->tid = (uint16_t)below(generator, 256);
		op->amount = 1 + below(generator, generator->weight[OP_CLIENTS] > 4 ? 120 : 20);
		break;
	case OP_WAIT:
	case OP_JUMP:
		choose_time(generator, world, op);
		break;
	default:
		break;
	}
}

static enum operation_kind any_kind(struct generator *generator)
{
	const uint16_t *weight = generator->weight;
	uint32_t all = 0;
	uint32_t n;
	enum operation_kind kind = 0;

	for (unsigned i = 0; i < OP_KINDS; i++)
		all += weight[i];
	for (n = below(generator, all); n >= weight[kind]; kind++)
		n -= weight[kind];
	return kind;
}

/* Chooses how the frame is cut or damaged on the line. */
static void choose_line(struct generator *generator, struct operation *op)
{
	bool is_frame = op->kind <= OP_RELEASE || op->kind == OP_ANSWER ||
			op->kind == OP_INDICATE || op->kind == OP_REVOKE;

	if (one_in(generator, op->kind == OP_NOISE && op->amount == 0 ? 1 : 25))
		op->cut = (uint16_t)below(generator, one_in(generator, 3) ? 300 : 20);
	if (is_frame && one_in(generator, generator->weight[OP_NOISE] > 10 ? 20 : 300))
		op->damage = 1 + (uint32_t)(random_next(&generator->random) >> 33);
}

void generator_next(struct generator *generator, const struct world *world, struct operation *op)
{
	const struct model *model = world_model(world);

	memset(op, 0, sizeof(*op));
	op->kind = any_kind(generator);
	/* Replace a step that would have no effect now. */
	if (op->kind == OP_ANSWER && !modem_pending(world_modem(world)))
		op->kind = one_in(generator, 2) ? OP_EXCHANGE : OP_REQUEST;
	if ((op->kind == OP_SENT || op->kind == OP_FAILED) && !model_port_busy(model))
		op->kind = OP_NEXT;
	op->slot = any_session(generator, model);
	if (op->kind == OP_OPEN)
		op->slot = (uint8_t)below(generator, generator->profile->slots);
	else if (op->kind <= OP_FLOOD && !model_is_open(model, op->slot))
		op->kind = OP_OPEN;
	op->node = (uint8_t)below(generator, world_config(world)->nodes);
	op->user = (uint8_t)(generator->first_user + below(generator, generator->users));
	op->quiet = one_in(generator, 8);
	op->later = one_in(generator, 4);
	fill(generator, world, op);
	if (op->kind <= OP_FLOOD || (op->kind >= OP_ANSWER && op->kind <= OP_NOISE))
		choose_line(generator, op);
}
