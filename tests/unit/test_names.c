/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables are static, so this file includes them, along with copies of the lookup
 * functions. The tests call the real functions.
 */
#include "names.h"
#include "unit_groups.h"

const char *copied_service_name(uint8_t service);
const char *copied_error_name(uint16_t error);
const char *copied_message_name(uint8_t service, uint16_t message);

#define qmi_service_name copied_service_name
#define qmi_error_name   copied_error_name
#define qmi_message_name copied_message_name

#include "names.c"

#include "names_messages.c"

#undef qmi_service_name
#undef qmi_error_name
#undef qmi_message_name

static void test_every_service(void **state)
{
	(void)state;
	for (unsigned service = 0; service <= UINT8_MAX; service++) {
		const char *name = qmi_service_name((uint8_t)service);

		if (services[service])
			assert_string_equal(name, services[service]);
		else
			assert_null(name);
	}
	assert_string_equal(qmi_service_name(0x00), "CTL");
	assert_string_equal(qmi_service_name(0x02), "DMS");
	assert_string_equal(qmi_service_name(0x2F), "DPM");
	assert_string_equal(qmi_service_name(0xED), "ATR");
	assert_null(qmi_service_name(0x23));
	assert_null(qmi_service_name(0xFF));
}

static void test_every_error(void **state)
{
	const size_t count = sizeof(errors) / sizeof(errors[0]);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		assert_true(i == 0 || errors[i - 1].error < errors[i].error);
		assert_string_equal(qmi_error_name(errors[i].error), errors[i].name);
	}
	assert_string_equal(qmi_error_name(0), "None");
	assert_string_equal(qmi_error_name(7), "InvalidClientId");
	assert_string_equal(qmi_error_name(0xF001), "CatEventRegistrationFailed");
	assert_null(qmi_error_name(18));
	assert_null(qmi_error_name(UINT16_MAX));
}

static void test_every_message(void **state)
{
	const size_t count = sizeof(messages) / sizeof(messages[0]);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		const struct message_name *row = &messages[i];

		assert_true(i == 0 || compare_message(&row[-1], row) < 0);
		assert_string_equal(qmi_message_name(row->service, row->message), row->name);
		assert_non_null(qmi_service_name(row->service));
	}
	assert_string_equal(qmi_message_name(0x00, 0x0020), "Set Instance ID");
	assert_string_equal(qmi_message_name(0x00, 0x0027), "Sync");
	assert_string_equal(qmi_message_name(0x02, 0x0022), "Get Model");
	assert_string_equal(qmi_message_name(0x01, 0x0020), "Start Network");
	assert_string_equal(qmi_message_name(0xED, 0x0001), "Received");
	assert_null(qmi_message_name(0x00, 0x001F));
	assert_null(qmi_message_name(0x02, 0xFFFF));
	assert_null(qmi_message_name(0xFF, 0x0000));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_every_service),
	cmocka_unit_test(test_every_error),
	cmocka_unit_test(test_every_message),
};

TEST_GROUP(name_tests, tests);
