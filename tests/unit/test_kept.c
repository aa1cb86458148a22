/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kept.h"

#include <stdlib.h>
#include <string.h>

#include "unit_groups.h"

#define PROXY 4

struct place {
	struct kept kept;
	uint64_t *area;
};

static int set_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	assert_non_null(place);
	place->area = malloc(kept_size());
	assert_non_null(place->area);
	memset(place->area, 0xA5, kept_size());
	kept_begin(&place->kept, place->area, PROXY);
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;

	free(place->area);
	free(place);
	return 0;
}

static const struct kept_client a_client = {
	.service = 1, .cid = 2, .device_cid = 40, .node = 3, .uid = 1000};

/* Another process goes on with it. */
static void go_on(struct place *place)
{
	assert_null(kept_fault(place->area));
	kept_end(&place->kept);
	kept_resume(&place->kept, place->area, PROXY);
}

static unsigned add_session(struct place *place, uint64_t id, unsigned node)
{
	kept_set_seen(&place->kept, id);
	return kept_add_session(&place->kept,
				&(struct kept_session){.id = id, .node = node, .uid = UINT32_MAX});
}

static void test_V29_everything_is_there_again(void **state)
{
	struct place *place = *state;
	struct kept *kept = &place->kept;
	unsigned session = add_session(place, 7000000000, PROXY);
	unsigned client = kept_add_client(kept, &a_client);
	unsigned holder = kept_add_holder(kept, session, client);
	struct kept_request request = {.message = 0x22, .service = 9};
	struct kept_session is_session;
	struct kept_client is_client;
	uint32_t handle;
	unsigned s;
	unsigned c;

	kept_set_call(kept, client, 1, true, 0xCAFE);
	kept_set_reads(kept, session, true);
	kept_set_request(kept, 255, &request);
	kept_set_leaving(kept, 3, 254, true);
	go_on(place);
	assert_int_equal(kept_seen(kept), 7000000000);
	assert_true(kept_client(kept, client, &is_client));
	assert_memory_equal(&is_client, &a_client, sizeof(is_client));
	assert_true(kept_session(kept, session, &is_session));
	assert_int_equal(is_session.id, 7000000000);
	assert_int_equal(is_session.node, PROXY);
	assert_int_equal(is_session.uid, UINT32_MAX);
	assert_true(is_session.reads);
	assert_true(kept_holder(kept, holder, &s, &c));
	assert_true(s == session && c == client);
	assert_true(kept_call(kept, client, 1, &handle));
	assert_int_equal(handle, 0xCAFE);
	assert_false(kept_call(kept, client, 0, &handle));
	assert_true(kept_request(kept, 255, &request));
	assert_int_equal(request.message, 0x22);
	assert_int_equal(request.service, 9);
	assert_int_equal(kept_last_tid(kept), 255);
	assert_true(kept_is_leaving(kept, 3, 254));
	assert_false(kept_is_leaving(kept, 3, 253));
}

static void test_V29_what_is_removed_is_not(void **state)
{
	struct place *place = *state;
	struct kept *kept = &place->kept;
	unsigned session = add_session(place, 1, 0);
	unsigned client = kept_add_client(kept, &a_client);
	unsigned holder = kept_add_holder(kept, session, client);
	struct kept_request request = {.message = 0x23};
	struct kept_session is_session;
	struct kept_client is_client;
	unsigned s;
	unsigned c;

	kept_set_request(kept, 1, &request);
	kept_set_request(kept, 1, NULL);
	kept_set_leaving(kept, 1, 1, true);
	kept_set_leaving(kept, 1, 1, false);
	kept_remove_client(kept, client);
	kept_remove_holder(kept, holder);
	kept_remove_session(kept, session);
	go_on(place);
	assert_false(kept_client(kept, client, &is_client));
	assert_false(kept_session(kept, session, &is_session));
	assert_false(kept_holder(kept, holder, &s, &c));
	assert_false(kept_request(kept, 1, &request));
	assert_false(kept_is_leaving(kept, 1, 1));
}

/* A crash may come between any two stores. */
static void test_V29_a_client_goes_before_its_holders_and_calls(void **state)
{
	struct place *place = *state;
	struct kept *kept = &place->kept;
	unsigned session = add_session(place, 1, 3);
	unsigned client = kept_add_client(kept, &a_client);
	unsigned holder = kept_add_holder(kept, session, client);
	unsigned s;
	unsigned c;

	kept_remove_client(kept, client);
	assert_null(kept_fault(place->area));
	go_on(place);
	assert_false(kept_holder(kept, holder, &s, &c));
	/* Neither is anything of it its successor's. */
	assert_int_equal(kept_add_client(kept, &a_client), client);
	assert_null(kept_fault(place->area));
}

static void test_V29_slots_are_used_again_and_run_out(void **state)
{
	struct place *place = *state;
	struct kept_client client = a_client;

	for (unsigned i = 1; i <= KEPT_CLIENTS; i++) {
		client.service = (uint8_t)(i / 200);
		client.device_cid = (uint8_t)(i % 200 + 1);
		assert_int_equal(kept_add_client(&place->kept, &client), i);
	}
	assert_int_equal(kept_add_client(&place->kept, &client), KEPT_NOWHERE);
	kept_remove_client(&place->kept, 17);
	kept_remove_client(&place->kept, 400);
	go_on(place);
	assert_int_equal(kept_add_client(&place->kept, &client), 17);
	assert_int_equal(kept_add_client(&place->kept, &client), 400);
	assert_int_equal(kept_add_client(&place->kept, &client), KEPT_NOWHERE);
}

static void test_V29_any_flipped_bit_is_damage(void **state)
{
	struct place *place = *state;
	struct kept *kept = &place->kept;
	unsigned session = add_session(place, 1, 3);
	unsigned client = kept_add_client(kept, &a_client);
	uint8_t *bytes = (uint8_t *)place->area;
	unsigned undetected = 0;
	unsigned tried = 0;

	kept_add_holder(kept, session, client);
	kept_set_call(kept, client, 0, true, 1);
	kept_set_request(kept, 1, &(struct kept_request){.message = 0x22});
	kept_set_leaving(kept, 3, 254, true);
	for (size_t i = 0; i < kept_size(); i++) {
		/* Free space is nobody's. */
		if (!bytes[i / 8 * 8] && !bytes[i / 8 * 8 + 4] && !bytes[i / 8 * 8 + 7])
			continue;
		for (unsigned bit = 0; bit < 8; bit++) {
			bytes[i] ^= (uint8_t)(1U << bit);
			undetected += kept_fault(place->area) == NULL;
			tried++;
			bytes[i] ^= (uint8_t)(1U << bit);
		}
	}
	assert_true(tried > 500);
	assert_int_equal(undetected, 0);
	assert_null(kept_fault(place->area));
}

static void test_V29_nothing_is_kept_without_memory(void **state)
{
	struct kept none = {0};

	(void)state;
	assert_int_equal(kept_add_client(&none, &a_client), KEPT_NOWHERE);
	assert_int_equal(kept_add_client(NULL, &a_client), KEPT_NOWHERE);
	kept_set_seen(NULL, 1);
	kept_set_leaving(&none, 1, 1, true);
	kept_clear_leaving(&none);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct CMUnitTest tests[] = {
	TEST(test_V29_everything_is_there_again),
	TEST(test_V29_what_is_removed_is_not),
	TEST(test_V29_a_client_goes_before_its_holders_and_calls),
	TEST(test_V29_slots_are_used_again_and_run_out),
	TEST(test_V29_any_flipped_bit_is_damage),
	TEST(test_V29_nothing_is_kept_without_memory),
};

TEST_GROUP(kept_tests, tests);
