/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "client.h"
#include "memory.h"
#include "session.h"
#include "transaction.h"
#include "unit_groups.h"

#define AGE 100 /* ms, the orphan timeout */

#define DMS 2

static struct users users;
static struct sessions sessions;
static struct session *here;    /* of user 1000 on node 0 */
static struct session *there;   /* the same on node 1 */
static struct session *foreign; /* of user 1001 on node 0 */
static struct session *root;    /* on node 0 */

static struct session *open_for(uint32_t uid, unsigned node)
{
	struct user *user = user_get(&users, uid);
	struct session *session = session_create(&sessions, user, node, NULL);

	user_put(user);
	return session;
}

static int set_up(void **state)
{
	static struct clients clients;

	*state = &clients;
	if (users_init(&users, 8 << 20) < 0)
		return -1;
	sessions_init(&sessions, 4096, 4096);
	here = open_for(1000, 0);
	there = open_for(1000, 1);
	foreign = open_for(1001, 0);
	root = open_for(0, 0);
	return clients_init(&clients, 2, AGE);
}

static int tear_down(void **state)
{
	clients_finish(*state);
	session_destroy(here);
	session_destroy(there);
	session_destroy(foreign);
	session_destroy(root);
	assert_int_equal(users.everybody.used, 0);
	users_finish(&users);
	return 0;
}

static struct client *add(struct clients *clients, struct session *session, uint8_t device_cid)
{
	unsigned count = session->user->clients[DMS];
	struct client *client = clients_add(clients, session, DMS, device_cid);

	assert_non_null(client);
	assert_int_equal(client->node, session->node);
	assert_ptr_equal(client->user, session->user);
	assert_int_equal(client->service, DMS);
	assert_int_equal(client->device_cid, device_cid);
	assert_true(client_is_held_by_only(client, session));
	assert_true(list_empty(&client->transactions));
	assert_int_equal(session->user->clients[DMS], count + 1);
	return client;
}

/* Ends all that the session holds. */
static void leave(struct clients *clients, struct session *session, uint64_t now)
{
	list_for_each (link, &session->holdings)
		holding_end(clients, container_of(link, struct holding, of_session), now);
}

static struct client *reclaimable(const struct clients *clients)
{
	return clients_reclaimable(clients, here->user, DMS, NODE_ANY);
}

static void test_V2_found_by_both_numbers(void **state)
{
	struct clients *clients = *state;
	struct client *a = add(clients, here, 40);
	struct client *b = add(clients, there, 41);

	assert_int_equal(a->cid, 1);
	assert_int_equal(b->cid, 1);
	assert_ptr_equal(clients_of_node(clients, 0, 2, 1), a);
	assert_ptr_equal(clients_of_node(clients, 1, 2, 1), b);
	assert_ptr_equal(clients_of_modem(clients, 2, 40), a);
	assert_null(clients_of_node(clients, 0, 2, 2));
	assert_null(clients_of_modem(clients, 3, 40));

	clients_remove(clients, a);
	assert_null(clients_of_node(clients, 0, 2, 1));
	assert_null(clients_of_modem(clients, 2, 40));
	assert_int_equal(add(clients, here, 40)->cid, 1);
}

static void test_V2_a_node_holds_254(void **state)
{
	struct clients *clients = *state;

	for (unsigned cid = 1; cid <= QMI_CID_MAX; cid++) {
		assert_false(clients_exhausted(clients, 0, 2));
		assert_int_equal(add(clients, here, (uint8_t)cid)->cid, cid);
	}
	assert_true(clients_exhausted(clients, 0, 2));
	assert_false(clients_exhausted(clients, 1, 2));
	errno = 0;
	assert_null(clients_add(clients, here, DMS, 255));
	assert_int_equal(errno, EMFILE);
	add(clients, there, 255);
}

static void test_V8_several_holders(void **state)
{
	struct clients *clients = *state;
	struct client *client = add(clients, here, 40);

	assert_true(client_use(clients, client, root));
	assert_true(client_use(clients, client, root));
	assert_false(client_is_held_by_only(client, here));
	assert_false(client_is_held_by_only(client, root));
	leave(clients, here, 5);
	assert_true(client_is_held_by_only(client, root));
	assert_int_equal(clients->orphan_count, 0);
	leave(clients, root, 6);
	assert_true(client_is_orphan(client));
	assert_int_equal(client->orphaned_at, 6);
	assert_int_equal(clients->orphan_count, 1);
	/* A session that has closed adopts nothing. */
	assert_true(client_use(clients, client, NULL));
	assert_true(client_is_orphan(client));
	assert_true(client_use(clients, client, foreign));
	assert_true(client_is_held_by_only(client, foreign));
	assert_int_equal(clients->orphan_count, 0);
	/* Its user stays the same. */
	assert_ptr_equal(client->user, here->user);
}

static void test_V9_least_recently_used_orphan(void **state)
{
	struct transaction release = {0};
	struct clients *clients = *state;
	struct client *a = add(clients, here, 1);
	struct client *b = add(clients, there, 2);
	struct client *c = add(clients, here, 3);

	assert_null(reclaimable(clients));
	leave(clients, here, 5);
	leave(clients, there, 5);
	assert_int_equal(c->orphaned_at, 5);
	assert_int_equal(clients->orphan_count, 3);
	assert_ptr_equal(reclaimable(clients), a);
	assert_null(clients_reclaimable(clients, here->user, DMS + 1, NODE_ANY));
	client_use(clients, a, NULL);
	assert_ptr_equal(reclaimable(clients), b);
	assert_ptr_equal(clients_reclaimable(clients, here->user, DMS, 0), c);
	assert_ptr_equal(clients_reclaimable_own(clients, here->user, DMS), b);
	assert_null(clients_reclaimable_own(clients, foreign->user, DMS));
	b->calls.up[CALLS_IPV4] = true;
	assert_ptr_equal(reclaimable(clients), c);
	assert_null(clients_reclaimable(clients, here->user, DMS, 1));
	c->releasing = &release;
	assert_ptr_equal(reclaimable(clients), a);
	client_use(clients, a, here);
	assert_true(client_is_held_by_only(a, here));
	assert_null(reclaimable(clients));
	assert_int_equal(clients->orphan_count, 2);
}

static void test_V28_whose_orphan_goes_first(void **state)
{
	struct clients *clients = *state;
	struct client *of_root = add(clients, root, 1);
	struct client *first = add(clients, foreign, 2);
	struct client *on_node_1;
	struct client *own;

	add(clients, foreign, 3);
	on_node_1 = add(clients, there, 4);
	own = add(clients, here, 5);
	leave(clients, root, 1);
	leave(clients, foreign, 2);
	leave(clients, here, 3);
	leave(clients, there, 4);
	/* One's own, though others have been idle for longer. */
	assert_ptr_equal(clients_reclaimable(clients, here->user, DMS, NODE_ANY), on_node_1);
	assert_ptr_equal(clients_reclaimable(clients, here->user, DMS, 0), own);
	assert_ptr_equal(clients_reclaimable(clients, root->user, DMS, NODE_ANY), of_root);
	client_use(clients, on_node_1, there);
	client_use(clients, own, here);
	/* Then those of the user with the most. */
	assert_ptr_equal(clients_reclaimable(clients, here->user, DMS, NODE_ANY), first);
	assert_null(clients_reclaimable(clients, here->user, DMS, 1));
	/* Clients that cannot be reclaimed do not count. */
	first->calls.up[CALLS_IPV4] = true;
	client_use(clients, of_root, NULL);
	client_use(clients, first, NULL);
	assert_int_equal(clients_reclaimable(clients, here->user, DMS, NODE_ANY)->device_cid, 3);
}

static void test_V28_who_has_more_than_half(void **state)
{
	struct transaction release = {0};
	struct clients *clients = *state;
	struct client *a = add(clients, foreign, 1);
	struct client *b = add(clients, foreign, 2);

	add(clients, here, 3);
	assert_ptr_equal(clients_revocable(clients, here->user, DMS), a);
	assert_null(clients_revocable(clients, foreign->user, DMS));
	a->calls.up[CALLS_IPV4] = true;
	assert_ptr_equal(clients_revocable(clients, here->user, DMS), b);
	b->releasing = &release;
	assert_null(clients_revocable(clients, here->user, DMS));
	a->calls.up[CALLS_IPV4] = false;
	b->releasing = NULL;
	client_use(clients, a, foreign);
	assert_ptr_equal(clients_revocable(clients, root->user, DMS), b);
	/* Half is not more than half, but more than a user needs while another has none. */
	add(clients, here, 4);
	assert_ptr_equal(clients_revocable(clients, root->user, DMS), b);
	add(clients, root, 5);
	assert_null(clients_revocable(clients, root->user, DMS));
	/* Those that leave are still there. */
	add(clients, foreign, 6);
	add(clients, foreign, 7);
	assert_ptr_equal(clients_revocable(clients, root->user, DMS), b);
	clients_begin_leaving(clients, DMS);
	assert_null(clients_revocable(clients, root->user, DMS));
	clients_end_leaving(clients, DMS);
	assert_ptr_equal(clients_revocable(clients, root->user, DMS), b);
	/* Nothing is taken from root. */
	for (uint8_t cid = 10; cid < 30; cid++)
		add(clients, root, cid);
	assert_null(clients_revocable(clients, here->user, DMS));
}

static void test_V28_how_many_a_user_may_have(void **state)
{
	struct clients *clients = *state;
	const unsigned expected[][2] = {{1, 1}, {3, 1}, {4, 2}, {31, 15}, {32, 16}, {40, 16}};
	uint8_t cid = 0;

	assert_int_equal(clients_limit(clients, here->user, DMS), 16);
	assert_true(clients_limit(clients, root->user, DMS) > 254);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		while (cid < expected[i][0])
			add(clients, here, ++cid);
		clients_note_exhaustion(clients, DMS);
		assert_int_equal(clients_limit(clients, here->user, DMS), expected[i][1]);
	}
	assert_true(clients_limit(clients, root->user, DMS) > 254);
	assert_int_equal(clients_limit(clients, here->user, DMS + 1), 16);
}

/* The modem also has those that leave; when all have left, it may have any number. */
static void test_V28_how_many_the_modem_has(void **state)
{
	struct clients *clients = *state;
	struct client *only = add(clients, here, 1);

	for (unsigned i = 0; i < 7; i++)
		clients_begin_leaving(clients, DMS);
	clients_note_exhaustion(clients, DMS);
	assert_int_equal(clients_limit(clients, here->user, DMS), 4);
	for (unsigned i = 0; i < 6; i++)
		clients_end_leaving(clients, DMS);
	clients_remove(clients, only);
	assert_int_equal(clients_limit(clients, here->user, DMS), 4);
	clients_end_leaving(clients, DMS);
	assert_int_equal(clients_limit(clients, here->user, DMS), 16);
}

static void test_V9_orphans_age(void **state)
{
	struct clients *clients = *state;
	struct client *a = add(clients, here, 1);
	struct client *b = add(clients, here, 2);

	b->calls.up[CALLS_IPV4] = true;
	assert_int_equal(clients_deadline(clients), UINT64_MAX);
	assert_null(clients_too_old(clients, 1000000));
	leave(clients, here, 5);
	assert_int_equal(clients_deadline(clients), 5 + AGE);
	assert_null(clients_too_old(clients, 4 + AGE));
	assert_ptr_equal(clients_too_old(clients, 5 + AGE), a);
	assert_null(clients_too_old(clients, 5 + AGE));
	assert_int_equal(clients_deadline(clients), UINT64_MAX);
	assert_true(client_is_overdue(a));
	assert_false(client_is_overdue(b));
	/* It was kept because of its call. */
	b->calls.up[CALLS_IPV4] = false;
	assert_true(client_is_overdue(b));
	client_use(clients, b, here);
	assert_false(client_is_overdue(b));
}

static void test_no_memory(void **state)
{
	struct clients *clients = *state;
	struct clients none;
	size_t used = users.everybody.used;

	for (unsigned nth = 1; nth <= 4; nth++) {
		memory_fail(nth);
		errno = 0;
		assert_null(clients_add(clients, here, (uint8_t)nth, 40));
		assert_int_equal(errno, ENOMEM);
		assert_true(memory_failed());
		assert_null(clients_of_node(clients, 0, (uint8_t)nth, 1));
		assert_null(clients_of_modem(clients, (uint8_t)nth, 40));
		assert_int_equal(clients->count, 0);
		assert_int_equal(users.everybody.used, used);
	}
	add(clients, here, 40);
	memory_fail(1);
	assert_false(client_use(clients, clients_of_modem(clients, DMS, 40), root));
	assert_true(memory_failed());
	assert_true(client_is_held_by_only(clients_of_modem(clients, DMS, 40), here));
	for (unsigned nth = 1; nth <= 2; nth++) {
		memory_fail(nth);
		assert_int_equal(clients_init(&none, 2, 0), -ENOMEM);
		assert_true(memory_failed());
		clients_finish(&none);
	}
}

#define CLIENT_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static const struct CMUnitTest tests[] = {
	CLIENT_TEST(test_V2_found_by_both_numbers),
	CLIENT_TEST(test_V2_a_node_holds_254),
	CLIENT_TEST(test_V8_several_holders),
	CLIENT_TEST(test_V9_least_recently_used_orphan),
	CLIENT_TEST(test_V28_whose_orphan_goes_first),
	CLIENT_TEST(test_V28_who_has_more_than_half),
	CLIENT_TEST(test_V28_how_many_a_user_may_have),
	CLIENT_TEST(test_V28_how_many_the_modem_has),
	CLIENT_TEST(test_V9_orphans_age),
	CLIENT_TEST(test_no_memory),
};

TEST_GROUP(client_tests, tests);
