/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages that the modem does not answer as it should. */
#ifndef HABITS_H
#define HABITS_H

#include <stdbool.h>
#include <stdint.h>

#define HABITS_MAX 16

struct modem;
struct service;

/* Besides QMI errors, and QMI_ERROR_NONE for the usual answer. */
enum habit_answer {
	HABIT_IGNORE = -1, /* the request has no effect and no answer */
	HABIT_LOSE = -2,   /* it has its effect, but the answer is lost */
};

struct habit {
	const struct service *service; /* NULL: unused */
	uint16_t message;
	int answer;
};

/* Returns false if the modem has too many habits. */
bool habits_set(struct modem *modem, const struct service *service, uint16_t message, int answer);
int habits_get(const struct modem *modem, const struct service *service, uint16_t message);

#endif
