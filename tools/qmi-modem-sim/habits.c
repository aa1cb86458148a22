/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "habits.h"

#include "modem_state.h"

static bool habits_match(const struct habit *habit, const struct service *service, uint16_t message)
{
	return habit->service && habit->service == service && habit->message == message;
}

bool habits_set(struct modem *modem, const struct service *service, uint16_t message, int answer)
{
	struct habit *free_one = NULL;

	for (size_t i = 0; i < HABITS_MAX; i++) {
		struct habit *habit = &modem->habits[i];

		if (habits_match(habit, service, message))
			habit->service = NULL;
		if (!habit->service)
			free_one = habit;
	}
	if (answer == QMI_ERROR_NONE)
		return true;
	if (free_one)
		*free_one = (struct habit){service, message, answer};
	return free_one;
}

int habits_get(const struct modem *modem, const struct service *service, uint16_t message)
{
	for (size_t i = 0; i < HABITS_MAX; i++) {
		if (habits_match(&modem->habits[i], service, message))
			return modem->habits[i].answer;
	}
	return QMI_ERROR_NONE;
}
