/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of the model: only what the rules mention. */
#ifndef MODEL_PRIVATE_H
#define MODEL_PRIVATE_H

#include "model.h"
#include "wire.h"

#define LINGERING_SEATS 1024 /* root's may be many */
#define SESSIONS        (MODEL_SLOTS + LINGERING_SEATS)
#define NOBODY          (-1)
#define THE_MUX         SESSIONS /* as the requester */
#define LINGERING_MAX   8        /* V6, V28: of a user */
#define IN_FRAMES_MAX   1024     /* V14 */
#define OUT_BYTES_MAX   65536    /* V21 */
#define IN_FLIGHT_MAX   1024     /* V5 */
#define LATE_MAX        1024     /* V15: of a user */
#define LATE_WAIT_MS    1000     /* V15 */
#define CTL_SESSION_MAX 8        /* V28 */
#define LINGER_MS       10000    /* V6 */
#define CTL_USER_MAX    32       /* V28 */
#define CTL_OTHERS_MAX  223      /* V28: the rest is for Allocate and Release CID */
#define CTL_FREE_MAX    31       /* V28: a user's 32nd request leaves so many tids free */
#define CLIENTS_MAX     16       /* V28: of a service, of a user */
#define YOUNG_MS        1000     /* V28 */
#define WINDOW_MIN      8        /* V28 */
#define WINDOW_MAX      1024     /* V28 */
#define OWN_MAX         1        /* V28 */
#define OWN_PAUSE_MS    200
#define OWN_TRIES       3
#define PARTIAL_WAIT_MS 2000 /* V19 */
#define NO_TIME         UINT64_MAX
#define HASHES          4096
#define KEPT_CLIENTS    640  /* V29 */
#define KEPT_HOLDERS    1280 /* V29 */

/* Whether something may, or has to be sent when the port asks; or another question. */
enum may {
	NO,
	HELD_UP, /* no, but by nothing else than a late answer: V15 */
	MAY,
	MUST,
};

struct frame {
	struct frame *next;
	bool indication;
	size_t size;
	uint8_t bytes[];
};

struct fifo {
	struct frame *first;
	struct frame *last;
	size_t bytes;
	unsigned frames;
};

/* V14: counts of services, in one rotation. */
struct turn {
	/* The first one at which it was passed over without a break, or NO_TIME. */
	uint64_t since;
	uint64_t own_since; /* the same, with what the mux asks for it, which no window holds up */
	uint64_t last;      /* the last one that it got; 0: none yet */
};

/* An open session sits at its slot; a closed one with unsent frames, after all slots. */
struct seat {
	bool used;
	struct session *handle; /* of an open one */
	uint64_t id;
	uint64_t gives_up; /* V6: if it has closed */
	unsigned node;
	int user;
	uint8_t *partial;
	size_t partial_size;
	struct fifo out;
	struct fifo in;
	size_t read; /* bytes of the front frame that were read */
	bool overflowed;
	bool kept;   /* V29: it has held a client */
	bool looked; /* the front of out has had its local turn, and needs the port */
	bool held;   /* or has waited, and may not have had another turn since */
	bool placed; /* the front of out, a CTL request, may have been promised a place in flight */
	unsigned in_flight; /* requests to services */
	unsigned ctl_out; /* CTL requests in flight, and its Allocate CIDs that the mux repeated */
	unsigned ctl_again;
	struct frame *sync; /* V10: the Sync that waits for sync_left releases */
	unsigned sync_left;
	bool news; /* has to be told: V22 */
	bool may_news;
	struct turn local;
	struct turn port;
};

struct user {
	uint32_t uid;
	unsigned lingering;
	unsigned ctl_out; /* as a session's, also of those that have closed */
	unsigned ctl_again;
	unsigned late;           /* requests in m->late */
	unsigned late_ctl;       /* those that hold device tids for its sessions */
	unsigned late_ctl_again; /* or may, or may not */
	unsigned owns[256];      /* V28: clients of a service */
	unsigned asks[256];      /* Allocate CIDs of it under way */
	unsigned may_ask[256];   /* for a session that has closed */
	uint64_t maybe_young;    /* as in the model, the newest */
	unsigned heads;          /* sessions whose next frame may have a CTL place promised */
	struct turn local;
	struct turn port;
	struct turn
		pseudo; /* the mux's own requests for sessions that have closed, in the port's */
};

struct client {
	bool used;
	bool releasing; /* a session's Release CID is in flight */
	bool call;      /* V9: a data call is up */
	unsigned node;
	int user;
	uint8_t service;
	uint8_t cid;
	uint8_t device_cid;
	bool held[MODEL_SLOTS];
	unsigned holders;
	uint64_t last_use; /* a count, for the order */
	uint64_t since;    /* V9: when its last holder left */
	uint64_t asker;    /* V29: the session that gets answers from before a crash, or 0 */
	bool overdue;      /* V9: too old, but a call or a Release CID has kept it */
};

enum asked {
	ASKED_PLAIN,
	ASKED_ALLOCATE,
	ASKED_RELEASE,
	ASKED_OWN_RELEASE,
	ASKED_OWN_SYNC,
};

enum flight_state {
	FLIGHT_UNUSED,
	FLIGHT_OUT,     /* the modem has it */
	FLIGHT_RECLAIM, /* an Allocate CID that waits for an orphan's release */
	FLIGHT_READY,   /* an Allocate CID that can be sent again */
};

/* A request in flight. */
struct flight {
	enum flight_state state;
	enum asked asked;
	bool again;        /* the mux has repeated it, or will */
	unsigned *counted; /* an Allocate CID: where it is counted, or NULL */
	int seat;          /* who asked, NOBODY if it has closed, or THE_MUX */
	int user;          /* whose session */
	bool of_any_user;  /* the mux's own: or another's */
	uint8_t service;
	uint8_t device_cid;
	uint16_t device_tid;
	uint16_t message;
	int client;           /* that it is about, or NOBODY */
	uint8_t released_cid; /* of a Release CID: the modem's, and whose client it was */
	int released_user;
	int own;             /* of ASKED_OWN_* */
	struct frame *frame; /* as the application wrote it, or NULL */
	uint64_t sent;
	uint64_t deadline;
	uint64_t turn; /* a count: the lowest ready one goes first */
	int next;
	int previous;
};

enum purpose {
	FOR_NOTHING,
	FOR_SYNC,    /* a session's Sync waits for it */
	FOR_RECLAIM, /* an Allocate CID waits for it */
	FOR_START,
};

/* The mux's own request: Release CID, or Sync at the start. */
struct own {
	bool used;
	bool out;
	bool unsure;           /* the mux may have forgotten the reason for it */
	uint64_t unsent_since; /* then, the first time that the port got nothing, or NO_TIME */
	enum asked asked;
	enum purpose purpose;
	int waits; /* the seat of the Sync, or the flight of the Allocate CID; or NOBODY */
	int user;  /* in whose turn it goes */
	int seat;  /* and in that of which session; NOBODY: of none that is open */
	enum where {
		WHERE_SURE,
		WHERE_OF_USER, /* the seat is open to the core */
		WHERE_OF_ANY,  /* the user, too */
	} where;
	uint8_t service;
	uint8_t device_cid;
	unsigned tries;
	uint64_t turn;  /* a count: the first goes first */
	uint64_t batch; /* but those of one call, as of a Sync, in any order */
	bool moved;     /* it was in another list before */
	uint64_t not_before;
};

/* What a Release CID on its way to the modem names. */
struct released {
	bool set;
	uint8_t service;
	uint8_t device_cid;
	uint16_t device_tid;
};

/* A request that has ended without its answer, which may still come. */
struct late {
	uint8_t service;
	uint8_t device_cid;
	uint16_t device_tid;
	uint16_t message;
	enum asked asked;
	bool open; /* it may not count against a limit on tids: repeated by the mux, or its asker
		      has an answer */
	int user;
	uint8_t subject[2]; /* of an Allocate or Release CID: service, device CID */
	int owner;          /* of a Release CID: whose client it was */
	int client;         /* NOBODY for CTL */
	/* When a newer request began to wait for it: not before, and not after. */
	uint64_t awaited_from;
	uint64_t awaited_by;
	uint64_t ended;
	bool before;   /* V29: a crash */
	bool doubtful; /* beyond the limit if the mux still counts others that may be gone */
};

/* A frame that a session must get by the end of the step. */
struct owed {
	int seat;
	bool local;     /* answered by the mux itself; in any order with the modem's frames */
	unsigned group; /* frames of later groups come later */
	enum owed_from {
		FROM_MUX,
		FROM_MODEM,
		FROM_EITHER, /* made by the mux, but an indication */
	} from;
	bool given;
	const char *rule;
	struct frame *frame;
};

struct seen {
	enum mux_path path;
	uint64_t session; /* its number; 0: none */
	bool own;         /* what the mux asks */
	bool late;        /* MUX_DROPPED: it was the answer to a request that had expired */
	bool unclaimed; /* MUX_DROPPED: and this one allocated a client, which is to be released */
	struct frame *frame;
};

struct model {
	struct mux_config config;
	uint64_t now;
	bool unplugged;
	bool stopping;
	bool sync_answered;
	bool sync_owed;
	bool sync_clean; /* no client since it was added */
	uint64_t sync_fresh_until;
	uint64_t sync_again_at; /* or NO_TIME */
	uint64_t sync_gives_up_at;
	const char *rule;
	const char *kind;
	char complaint[400];
	uint64_t situations[SITUATION_COUNT];
	struct mux_counters counters;
	uint64_t dropped_seen;

	struct seat seats[SESSIONS];
	int seated[SESSIONS]; /* the used seats */
	unsigned seated_count;
	unsigned open_count;
	struct user users[MODEL_USERS];
	int user_count;
	unsigned heads; /* of all users */

	struct client *clients;
	int clients_size;
	int client_count;
	int orphan_count;
	unsigned holder_count;    /* of all clients */
	unsigned of_service[256]; /* clients */
	unsigned limit[256];      /* V28: of a user's */
	unsigned sure_limit[256]; /* lower, if the mux may not know of all that the modem has */
	uint64_t uses;
	uint64_t turns;
	int16_t *by_cid[MUX_NODES_MAX + 1][256]; /* [cid]: client, or NOBODY */
	int16_t *by_device_cid[256];

	struct flight *flights;
	int flights_size;
	int oldest; /* of the flights out */
	int newest;
	int by_tid[256]; /* CTL flights */
	/* Counts, for the order (V4): the bounds of when the tid began to rest. */
	uint64_t rests_from[256];
	uint64_t rests_by[256];
	uint64_t rests;
	unsigned ctl_out;
	/* Number of service requests out or late, by hash; usually 0. */
	uint16_t out_like[HASHES];
	uint16_t late_like[HASHES];
	unsigned waiting; /* flights in state RECLAIM or READY */
	unsigned ready;
	int port; /* the flight at the port */
	int sent; /* the one before */
	struct released port_release;
	struct released sent_release;
	bool port_busy;

	/* V28: when requests were sent that have ended without an answer, and may be young. */
	uint64_t maybe_young[WINDOW_MIN];
	unsigned maybe_young_next;
	bool window_shut; /* for sure: the port got nothing, for no other reason */

	struct own *owns;
	int owns_size;
	unsigned own_count;
	uint64_t batches;
	uint64_t own_pause;   /* until then the mux may delay all its own requests */
	uint64_t port_turns;  /* services that the port has given */
	uint64_t local_turns; /* and those that needed no modem */

	struct late *late;
	unsigned late_size;
	unsigned late_count;
	unsigned late_ctl;
	unsigned late_awaited;   /* for sure */
	bool late_tid[256];      /* of CTL */
	bool heard_of[256][256]; /* clients that the mux must release one day */

	/* V29 */
	enum may leaves[256][256];  /* which clients a crash has released again */
	unsigned allocates[256];    /* Allocate CIDs from before a crash without their answers */
	bool allocates_unsure[256]; /* the core may know of none */
	bool resuming;              /* sessions' requests wait, */
	bool surely_resuming;       /* or must wait */
	uint64_t resumes_at;        /* or NO_TIME */
	uint64_t answers_until;
	bool too_many; /* clients or holders to be kept, once */

	uint8_t *input; /* an incomplete frame from the modem */
	size_t input_size;
	uint64_t input_since; /* when its first byte came */
	size_t input_old;     /* bytes that came no later */

	struct owed *owed;
	unsigned owed_count;
	unsigned owed_size;
	unsigned owed_first; /* the first not given yet */
	unsigned group;      /* of the next local answer */
	unsigned heard;      /* frames from the modem: the group of what they cause */
	bool taking;
	bool may_take; /* the call may have done local turns */
	struct seen *seen;
	unsigned seen_count;
	unsigned seen_size;
};

/* model.c */
void broken(struct model *m, const char *rule, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void reached(struct model *m, enum situation situation);
struct frame *frame_of(const uint8_t *bytes, size_t size);
bool is_same(const struct frame *a, const struct frame *b);
void fifo_push(struct fifo *fifo, struct frame *frame);
struct frame *fifo_pop(struct fifo *fifo);
void fifo_clear(struct fifo *fifo);

/* model_session.c */
int seat_of(const struct model *m, uint64_t session);
bool seat_is_open(int seat);
void pop_out(struct model *m, int seat);
/* A closed session without frames is no more. */
void free_if_done(struct model *m, int seat);
void free_seat(struct model *m, int seat);
void give_up_lingering(struct model *m, uint64_t now);

/* model_inbound.c */
void give(struct model *m, struct seat *s, struct frame *frame);

/* model_owed.c */
void owe(struct model *m, int seat, enum owed_from from, const char *rule, const uint8_t *bytes,
	 size_t size);
void owe_error(struct model *m, int seat, const struct frame *asked, uint16_t error,
	       const char *rule);
/*
 * Follows what the core's traces of this call show: frames that it took to deal
 * with, and those that it gave to sessions. Up to a frame that goes to the modem:
 * returns true, and what the trace says of it, if there is one.
 */
struct whose {
	uint64_t session; /* its number; 0: none */
	bool own;         /* it is the mux's own */
};
bool follow(struct model *m, const uint8_t *frame, size_t size, struct whose *whose);
/* The same for the whole call, at its end: nothing is owed any more. */
void match(struct model *m);

/* model_user.c */
int user_of(struct model *m, uint32_t uid);
bool is_root(const struct model *m, int user);
/* V28: whether the user has as many clients of a service as it may: MAY if that is open. */
enum may may_ask(const struct model *m, int user, uint8_t service);
void count_ask(struct model *m, struct flight *f);
void uncount_ask(struct flight *f);

/* model_client.c */
int client_by_cid(const struct model *m, unsigned node, uint8_t service, uint8_t cid);
int client_by_device_cid(const struct model *m, uint8_t service, uint8_t cid);
/* The client that a session may use by this CID, or NOBODY: V3. */
int usable_client(const struct model *m, const struct seat *s, uint8_t service, uint8_t cid);
int add_client(struct model *m, unsigned node, uint8_t service, uint8_t device_cid, int holder);
bool node_is_full(const struct model *m, unsigned node, uint8_t service);
void hold(struct model *m, int client, int seat);
void let_go(struct model *m, int client, int seat);
/* Forgets the client. Before a stop, its requests are answered Aborted. */
void forget_client(struct model *m, int client);

/* model_reclaim.c */
#define ANY_NODE UINT32_MAX
/* V9: the orphan that is given up for this user's Allocate CID; own: only one of its own. */
int orphan_to_reclaim(struct model *m, int user, uint8_t service, unsigned node, bool own);
/* V28: the client of a user with too many that is, or NOBODY. */
unsigned count_leaving(const struct model *m, uint8_t service, bool sure);
void check_limit(struct model *m, uint8_t service, bool sure);
int client_to_revoke(const struct model *m, int user, uint8_t service);
void revoke(struct model *m, int client, int flight);
void reclaim(struct model *m, int client, int flight);
void start_sync_of(struct model *m, int seat);

/* model_device_sync.c */
void repeat_sync(struct model *m);
void sync_is_answered(struct model *m);
void sync_has_client(struct model *m);
bool sync_is_indicated(const struct model *m);
void sync_after_restart(struct model *m);
void sync_if_owed(struct model *m);
void check_sync_is_first(struct model *m, const uint8_t *frame);
void check_sync_is_harmless(struct model *m);

/* model_own.c */
int add_own(struct model *m, enum asked asked, enum purpose purpose, int waits, int user, int seat);
int add_release(struct model *m, enum purpose purpose, int waits, int user, int seat,
		uint8_t service, uint8_t device_cid);
/* A client that nobody has is to be released; returns the own request. */
int release_unknown(struct model *m, int user, uint8_t service, uint8_t cid);
void release_if_stopping(struct model *m, int client);
enum own_end {
	OWN_ANSWERED,
	OWN_EXPIRED,
	OWN_NOT_SENT,
};
/* Ends an own request; whatever waited for it continues, or fails too. */
void own_is_over(struct model *m, int own, enum own_end end);
void own_not_sent(struct model *m, int own);
/* V9: nothing keeps them any more. */
void release_overdue(struct model *m);

/* model_flight.c */
int add_flight(struct model *m, enum asked asked, int seat, int user);
void flight_out(struct model *m, int flight, uint64_t now);
void flight_not_out(struct model *m, int flight);
void drop_flight(struct model *m, int flight);
int find_flight(const struct model *m, const uint8_t *answer);
/* V15 */
void expire(struct model *m, uint64_t now);
/* Its session has closed. */
void detach_flight(struct model *m, int flight);
/* The asker is told this error, and the request is over; its answer may come late. */
void abort_flight(struct model *m, int flight);
/* It has ended without an answer of the modem's. */
void note_unanswered(struct model *m, int flight);
bool is_of_session(const struct flight *f);

/* model_late.c */
unsigned hash_of(uint8_t service, uint8_t device_cid, uint16_t tid);
void remember_late(struct model *m, int flight, bool answered);
int find_late(const struct model *m, uint8_t service, uint8_t device_cid, uint16_t tid,
	      uint16_t message);
void forget_late(struct model *m, int late);
/* Stops waiting for late answers that have been awaited long enough. */
void give_up_late(struct model *m, uint64_t now);
/* Whether the mux may have forgotten this one by now. */
bool may_be_gone(const struct model *m, const struct late *late);

/* model_chance.c */

/* What late answers a request may wait for, and which ones for sure. */
struct wait {
	int late;              /* of a service, or NOBODY */
	int all_of, surely_of; /* CTL: those of a user, of EVERYBODY, or of NOBODY */
	bool promised;  /* others may go first: CTL, they may have the places that are left; V5 */
	bool overtakes; /* V5: another session's equal tid waits for a late answer, or the window */
};
#define EVERYBODY 1000

/* Whether each session's next frame may be sent, the window aside, and what it waits for. */
struct chances {
	enum may frame[SESSIONS];
	enum may own[SESSIONS];
	enum may pseudo[MODEL_USERS];
	struct wait wait[SESSIONS];
	enum may window[MODEL_USERS];
};

/* The front frame of a session, if the window is open. */
enum may may_send(const struct model *m, int seat, struct wait *wait);
enum may may_send_own(const struct model *m, const struct own *own, struct wait *wait);
enum may may_send_again(const struct model *m, const struct flight *f, struct wait *wait);
enum may may_send_any_own(const struct model *m);
bool user_has_tid(const struct model *m, int user);
bool ctl_tid_is_free(const struct model *m); /* and may not have been promised to a session */
/* V28: whether a request of the user has been with the modem for less than a second. */
bool surely_has_young(const struct model *m, int user);
/* V28: and whether it has as many there of the mux's own as it may. */
bool surely_has_own_young(const struct model *m, int user);
bool own_may_be_held(const struct model *m);
void look(struct model *m, struct chances *chances);
/* After the call: who waits, and needs another local turn before the port may have its frame. */
void note_held(struct model *m, bool turns_left);
/* surely: the port gets nothing, so that the core has looked at all of them. */
void note_waits(struct model *m, const struct chances *chances, bool surely);
/* A CTL request has ended without its answer: whoever waits for a place may wait for it, too. */
void note_new_late(struct model *m);

/* model_fair.c */
void lapse(struct turn *turn);
void lapse_owns(struct model *m);
/*
 * A service of the port's, to a session or (NOBODY) to what its user's closed
 * sessions left; frame: of its own, not what the mux asks for it.
 */
void port_turn(struct model *m, const struct chances *chances, int user, int seat, bool frame);
/* The same, but which of the user's it was, or even whose, is not known. */
void port_turn_of(struct model *m, const struct chances *chances, int user);
/* Nobody at the port could have been served all the time until now. */
void lapse_ports(struct model *m);
void port_turn_of_any(struct model *m);
void local_turn(struct model *m, int seat);
/* Who has nothing to send any more has lost its place in the rotations. */
void lapse_turns(struct model *m);

/* model_head.c */

/* What the next frame of a session needs. */
enum head {
	HEAD_NONE,
	HEAD_OF_MUX, /* no modem */
	HEAD_FULL,   /* an Allocate CID, that its node or user has no room for */
	HEAD_OPEN,   /* that may be one of these */
	HEAD_OF_PORT,
};
enum head head_of(const struct model *m, int seat);
bool is_ctl(const struct frame *frame, uint16_t message);
/* The value of the TLV of Allocate or Release CID; NULL unless it has this size. */
const uint8_t *subject(const struct frame *frame, size_t want);
/* The mux deals with this frame, which is to be the session's next. */
void take(struct model *m, uint64_t session, const struct frame *frame, bool at_port);
/* After the call: whether all that needs no modem is dealt with, as the deadline says. */
void compare_heads(struct model *m, bool turns_left);

/* model_receive.c */
/* The service and the CID in the TLV of this frame, or NULL. */
const uint8_t *client_of(const uint8_t *frame);
void expire_input(struct model *m, uint64_t now);

/* model_crash.c: V29. */
void resume(struct model *m);
/* The port asks: sessions' requests may not have to wait any more. */
void resume_sending(struct model *m);
/* An answer to no request that is known; true if it is for the one who may have asked. */
bool answer_from_before(struct model *m, const uint8_t *frame);

/* model_indication.c */
void broadcast(struct model *m, const uint8_t *frame);
void unicast(struct model *m, const uint8_t *frame);
void ctl_indication(struct model *m, const uint8_t *frame);

#endif
