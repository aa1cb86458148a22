/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "frame.h"
#include "unit_groups.h"

/* DMS Get Model, CID 3, tid 0x1234, with one TLV 0x10 of two bytes. */
static const uint8_t dms_request[] = {0x01, 0x11, 0x00, 0x00, 0x02, 0x03, 0x00, 0x34, 0x12,
				      0x22, 0x00, 0x05, 0x00, 0x10, 0x02, 0x00, 0xAA, 0xBB};

/* CTL Allocate CID, tid 7, for DMS. */
static const uint8_t ctl_request[] = {0x01, 0x0F, 0x00, 0x00, 0x00, 0x00, 0x00, 0x07,
				      0x22, 0x00, 0x04, 0x00, 0x01, 0x01, 0x00, 0x02};

/* Its answer: failure, ClientIdsExhausted. */
static const uint8_t ctl_response[] = {0x01, 0x12, 0x00, 0x80, 0x00, 0x00, 0x01, 0x07, 0x22, 0x00,
				       0x07, 0x00, 0x02, 0x04, 0x00, 0x01, 0x00, 0x05, 0x00};

/* A NAS indication without TLVs. */
static const uint8_t nas_indication[] = {0x01, 0x0C, 0x00, 0x80, 0x03, 0xFF, 0x04,
					 0x00, 0x00, 0x24, 0x00, 0x00, 0x00};

struct edit {
	size_t at;
	uint8_t value;
};

static void check_scan(const uint8_t *data, size_t len, enum frame_origin origin,
		       enum frame_scan wanted, size_t wanted_size)
{
	size_t size = 12345;

	assert_int_equal(frame_scan(data, len, origin, &size), wanted);
	assert_int_equal(size, wanted_size);
}

/* Every prefix of a frame is partial, and its size is known from the third byte on. */
static void check_prefixes(const uint8_t *frame, size_t size, enum frame_origin origin)
{
	for (size_t len = 0; len < size; len++)
		check_scan(frame, len, origin, FRAME_PARTIAL, len < 3 ? 0 : size);
	check_scan(frame, size, origin, FRAME_WHOLE, size);
}

/* Checks that the first len bytes of the frame, with these bytes changed, are not a frame. */
static void check_invalid(const uint8_t *frame, size_t len, enum frame_origin origin,
			  const struct edit *edits, size_t count)
{
	uint8_t copy[64];
	size_t size;

	memcpy(copy, frame, len);
	for (size_t i = 0; i < count; i++)
		copy[edits[i].at] = edits[i].value;
	assert_int_equal(frame_scan(copy, len, origin, &size), FRAME_INVALID);
}

#define INVALID(frame, len, origin, ...)                                                           \
	check_invalid(frame, len, origin, (const struct edit[]){__VA_ARGS__},                      \
		      sizeof((const struct edit[]){__VA_ARGS__}) / sizeof(struct edit))

static void test_V19_beginnings_are_partial(void **state)
{
	uint8_t more[sizeof(dms_request) + 1] = {0};

	(void)state;
	check_prefixes(dms_request, sizeof(dms_request), FRAME_FROM_APP);
	check_prefixes(ctl_request, sizeof(ctl_request), FRAME_FROM_APP);
	check_prefixes(ctl_response, sizeof(ctl_response), FRAME_FROM_MODEM);
	check_prefixes(nas_indication, sizeof(nas_indication), FRAME_FROM_MODEM);

	memcpy(more, dms_request, sizeof(dms_request));
	check_scan(more, sizeof(more), FRAME_FROM_APP, FRAME_WHOLE, sizeof(dms_request));
}

static void test_V19_marker(void **state)
{
	(void)state;
	INVALID(dms_request, 1, FRAME_FROM_APP, {0, 0x00});
	INVALID(dms_request, sizeof(dms_request), FRAME_FROM_APP, {0, 0x02});
}

static void test_V19_length_too_short(void **state)
{
	(void)state;
	/* Shorter than the CTL header, the shortest; detected as soon as the length is known. */
	INVALID(ctl_request, 3, FRAME_FROM_APP, {1, 0x0A});
	INVALID(ctl_request, 3, FRAME_FROM_APP, {1, 0x00});
	/* Long enough for a CTL header, but not for a service header. */
	INVALID(dms_request, 7, FRAME_FROM_APP, {1, 0x0B});
	check_scan((uint8_t[]){0x01, 0x0B, 0x00, 0x00, 0x02, 0x03}, 6, FRAME_FROM_APP,
		   FRAME_PARTIAL, 12);
	check_scan((uint8_t[]){0x01, 0x0B, 0, 0, 0, 0, 0, 9, 0x27, 0, 0, 0}, 12, FRAME_FROM_APP,
		   FRAME_WHOLE, 12);
}

static void test_V19_direction(void **state)
{
	(void)state;
	INVALID(dms_request, 4, FRAME_FROM_APP, {3, 0x80});
	INVALID(dms_request, 4, FRAME_FROM_MODEM, {3, 0x00});
	INVALID(dms_request, 4, FRAME_FROM_MODEM, {3, 0x01});
}

static void test_V19_kind(void **state)
{
	(void)state;
	/* An application sends only requests. */
	INVALID(dms_request, 7, FRAME_FROM_APP, {6, 0x02});
	INVALID(dms_request, 7, FRAME_FROM_APP, {6, 0x04});
	INVALID(ctl_request, 7, FRAME_FROM_APP, {6, 0x01});
	/* The modem never sends any, and CTL has other flag values than the services. */
	INVALID(ctl_response, 7, FRAME_FROM_MODEM, {6, 0x00});
	INVALID(ctl_response, 7, FRAME_FROM_MODEM, {6, 0x04});
	INVALID(nas_indication, 7, FRAME_FROM_MODEM, {6, 0x00});
	INVALID(nas_indication, 7, FRAME_FROM_MODEM, {6, 0x01});
	INVALID(nas_indication, 7, FRAME_FROM_MODEM, {6, 0x06});
}

static void test_V19_inner_length(void **state)
{
	(void)state;
	INVALID(dms_request, 13, FRAME_FROM_APP, {11, 0x04});
	INVALID(dms_request, 13, FRAME_FROM_APP, {12, 0x01});
	INVALID(ctl_request, 12, FRAME_FROM_APP, {10, 0x05});
	INVALID(ctl_response, sizeof(ctl_response), FRAME_FROM_MODEM, {10, 0x08});
}

static void test_V19_tlvs_of_the_modem(void **state)
{
	(void)state;
	/* A TLV longer than the frame, detected as soon as its header is complete. */
	INVALID(ctl_response, 15, FRAME_FROM_MODEM, {13, 0x05});
	/* The bytes left over are too few for a TLV header. */
	INVALID(ctl_response, 15, FRAME_FROM_MODEM, {13, 0x03});
	INVALID(ctl_response, sizeof(ctl_response), FRAME_FROM_MODEM, {13, 0x02});
	/* They are exactly a TLV header, which is valid. */
	check_scan((uint8_t[]){0x01, 0x12, 0, 0x80, 0, 0, 1, 7, 0x22, 0, 7, 0, 2, 1, 0, 9, 3, 0, 0},
		   19, FRAME_FROM_MODEM, FRAME_WHOLE, 19);
}

static void test_tlvs_of_an_application_are_not_checked(void **state)
{
	uint8_t copy[sizeof(dms_request)];

	(void)state;
	memcpy(copy, dms_request, sizeof(copy));
	copy[14] = 0x20;
	check_scan(copy, sizeof(copy), FRAME_FROM_APP, FRAME_WHOLE, sizeof(copy));
	assert_null(frame_tlv(copy, 0x10, 0, NULL));
}

static void test_largest_frame(void **state)
{
	static uint8_t frame[QMUX_SIZE_MAX];
	static uint8_t value[QMUX_SIZE_MAX];
	const uint16_t len = QMUX_SIZE_MAX - FRAME_HEADER_MAX - 3;

	(void)state;
	frame_begin(frame, FRAME_RESPONSE, QMI_SERVICE_DMS, 1, 1, 1);
	frame_add_tlv(frame, 0x10, value, len);
	check_scan(frame, sizeof(frame), FRAME_FROM_MODEM, FRAME_WHOLE, QMUX_SIZE_MAX);
}

static void test_accessors(void **state)
{
	(void)state;
	assert_int_equal(frame_size(dms_request), 18);
	assert_int_equal(frame_service(dms_request), QMI_SERVICE_DMS);
	assert_int_equal(frame_cid(dms_request), 3);
	assert_int_equal(frame_kind(dms_request), FRAME_REQUEST);
	assert_int_equal(frame_tid(dms_request), 0x1234);
	assert_int_equal(frame_message(dms_request), 0x0022);

	assert_int_equal(frame_kind(ctl_request), FRAME_REQUEST);
	assert_int_equal(frame_tid(ctl_request), 7);
	assert_int_equal(frame_message(ctl_request), QMI_CTL_ALLOCATE_CID);
	assert_int_equal(frame_kind(ctl_response), FRAME_RESPONSE);

	assert_int_equal(frame_kind(nas_indication), FRAME_INDICATION);
	assert_int_equal(frame_cid(nas_indication), QMI_CID_BROADCAST);
	assert_int_equal(frame_message(nas_indication), 0x0024);
}

static void test_patching(void **state)
{
	uint8_t copy[sizeof(dms_request)];
	uint8_t wanted[sizeof(dms_request)];

	(void)state;
	memcpy(copy, dms_request, sizeof(copy));
	memcpy(wanted, dms_request, sizeof(copy));
	frame_set_cid(copy, 0xFE);
	wanted[5] = 0xFE;
	frame_set_tid(copy, 0xBEEF);
	wanted[7] = 0xEF;
	wanted[8] = 0xBE;
	assert_true(frame_set_tlv(copy, 0x10, "x", 1));
	wanted[16] = 'x';
	assert_memory_equal(copy, wanted, sizeof(copy));

	assert_false(frame_set_tlv(copy, 0x11, "x", 1));
	assert_false(frame_set_tlv(copy, 0x10, "xyz", 3));
	assert_memory_equal(copy, wanted, sizeof(copy));

	memcpy(copy, ctl_request, sizeof(ctl_request));
	frame_set_tid(copy, 0xFF);
	assert_int_equal(copy[7], 0xFF);
	assert_int_equal(copy[8], 0x22);
}

static void test_tlv_lookup(void **state)
{
	uint8_t frame[64];
	uint16_t len = 0;

	(void)state;
	frame_begin(frame, FRAME_REQUEST, QMI_SERVICE_DMS, 1, 2, 3);
	assert_null(frame_tlv(frame, 0x01, 0, NULL));
	frame_add_tlv(frame, 0x01, "a", 1);
	frame_add_tlv(frame, 0x10, "", 0);
	frame_add_tlv(frame, 0x10, "bc", 2);

	assert_ptr_equal(frame_tlv(frame, 0x01, 1, NULL), frame + 16);
	assert_null(frame_tlv(frame, 0x01, 2, NULL));
	/* The first of its type counts, even if it is too short. */
	assert_ptr_equal(frame_tlv(frame, 0x10, 0, &len), frame + 20);
	assert_int_equal(len, 0);
	assert_null(frame_tlv(frame, 0x10, 1, &len));
	assert_null(frame_tlv(frame, 0x11, 0, &len));
}

static void check_error(const void *result, uint16_t len, uint16_t wanted)
{
	uint8_t frame[64];

	frame_begin(frame, FRAME_RESPONSE, QMI_SERVICE_DMS, 1, 2, 3);
	if (result)
		frame_add_tlv(frame, QMI_TLV_RESULT, result, len);
	assert_int_equal(frame_error(frame), wanted);
}

static void test_outcome(void **state)
{
	(void)state;
	check_error((uint8_t[]){0, 0, 0, 0}, 4, QMI_ERROR_NONE);
	check_error((uint8_t[]){0, 0, 5, 0}, 4, QMI_ERROR_NONE);
	check_error((uint8_t[]){1, 0, 5, 0}, 4, QMI_ERROR_CLIENT_IDS_EXHAUSTED);
	check_error((uint8_t[]){1, 0, 1, 0xF0}, 4, 0xF001);
	check_error((uint8_t[]){1, 0, 0, 0}, 4, QMI_ERROR_INTERNAL);
	check_error((uint8_t[]){1, 0}, 2, QMI_ERROR_INTERNAL);
	check_error(NULL, 0, QMI_ERROR_INTERNAL);
}

static void test_building(void **state)
{
	uint8_t frame[64];

	(void)state;
	frame_begin(frame, FRAME_REQUEST, QMI_SERVICE_DMS, 3, 0x1234, 0x0022);
	check_scan(frame, sizeof(frame), FRAME_FROM_APP, FRAME_WHOLE, 13);
	frame_add_tlv(frame, 0x10, (uint8_t[]){0xAA, 0xBB}, 2);
	assert_memory_equal(frame, dms_request, sizeof(dms_request));

	frame_begin(frame, FRAME_REQUEST, QMI_SERVICE_CTL, 0, 7, QMI_CTL_ALLOCATE_CID);
	frame_add_tlv(frame, 0x01, (uint8_t[]){0x02}, 1);
	assert_memory_equal(frame, ctl_request, sizeof(ctl_request));

	frame_begin(frame, FRAME_RESPONSE, QMI_SERVICE_CTL, 0, 7, QMI_CTL_ALLOCATE_CID);
	frame_add_result(frame, QMI_ERROR_CLIENT_IDS_EXHAUSTED);
	assert_memory_equal(frame, ctl_response, sizeof(ctl_response));

	frame_begin(frame, FRAME_RESPONSE, QMI_SERVICE_CTL, 0, 7, QMI_CTL_ALLOCATE_CID);
	frame_add_result(frame, QMI_ERROR_NONE);
	assert_memory_equal(frame + 15, ((uint8_t[]){0, 0, 0, 0}), 4);

	frame_begin(frame, FRAME_INDICATION, QMI_SERVICE_NAS, 0xFF, 0, 0x0024);
	assert_memory_equal(frame, nas_indication, sizeof(nas_indication));

	frame_begin(frame, FRAME_INDICATION, QMI_SERVICE_CTL, 0, 0, QMI_CTL_SYNC);
	assert_memory_equal(frame, ((uint8_t[]){1, 0x0B, 0, 0x80, 0, 0, 2, 0, 0x27, 0, 0, 0}), 12);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_V19_beginnings_are_partial),
	cmocka_unit_test(test_V19_marker),
	cmocka_unit_test(test_V19_length_too_short),
	cmocka_unit_test(test_V19_direction),
	cmocka_unit_test(test_V19_kind),
	cmocka_unit_test(test_V19_inner_length),
	cmocka_unit_test(test_V19_tlvs_of_the_modem),
	cmocka_unit_test(test_tlvs_of_an_application_are_not_checked),
	cmocka_unit_test(test_largest_frame),
	cmocka_unit_test(test_accessors),
	cmocka_unit_test(test_patching),
	cmocka_unit_test(test_tlv_lookup),
	cmocka_unit_test(test_outcome),
	cmocka_unit_test(test_building),
};

TEST_GROUP(frame_tests, tests);
