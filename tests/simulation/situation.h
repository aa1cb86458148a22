/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Situations that a run has met. A rule that no situation has tested is not shown to hold. */
#ifndef SITUATION_H
#define SITUATION_H

#include <stdint.h>

#define SITUATIONS(X)                                                                              \
	X(ANSWERED, "a response came back to its requester")                                       \
	X(INVALID_CID, "a foreign CID was refused (V3)")                                           \
	X(MALFORMED, "an Allocate or Release CID had no TLV (V3)")                                 \
	X(NODE_FULL, "all 254 CIDs of a service were taken, without an orphan (V2)")               \
	X(NODE_FULL_RECLAIM, "a full node reclaimed an orphan first (V2)")                         \
	X(CTL_TIDS_OUT, "all 255 device tids were in flight (V4)")                                 \
	X(EQUAL_TIDS, "a request waited for another session's equal tid (V5)")                     \
	X(SAME_TID_TWICE, "a session used its own tid twice at a time (V5)")                       \
	X(IN_FLIGHT_FULL, "1,024 requests of a session were in flight (V5)")                       \
	X(CLOSED_RESPONSE, "a response found its session closed (V6)")                             \
	X(LINGERING_ALLOCATE, "a closed session's Allocate CID was dropped (V6)")                  \
	X(CLOSED_ALLOCATE, "a client was allocated for a closed session (V6)")                     \
	X(LINGERED, "a closed session's frame was sent (V6)")                                      \
	X(LINGER_LOST, "a user had more than 8 closed sessions with frames left (V6, V28)")        \
	X(LINGER_LATE, "a closed session could not send its frames within 10 s (V6)")              \
	X(ADOPTED, "an orphan was adopted (V7)")                                                   \
	X(SECOND_HOLDER, "a client got another holder (V8)")                                       \
	X(HOLDER_LEFT, "a holder left, and others stayed (V8)")                                    \
	X(SEVERAL_TOLD, "an indication went to several holders (V8, V11, V13)")                    \
	X(RECLAIMED, "an orphan was reclaimed for an Allocate CID (V9)")                           \
	X(NOTHING_TO_RECLAIM, "the modem's ClientIdsExhausted was passed on (V9)")                 \
	X(CALL_KEPT, "a data call kept an orphan from being reclaimed (V9)")                       \
	X(ORPHAN_EXPIRED, "an orphan expired (V9)")                                                \
	X(SYNC, "a Sync released clients (V10)")                                                   \
	X(SYNC_ORPHAN, "a Sync released an orphan (V10)")                                          \
	X(SYNC_EMPTY, "a Sync had nothing to release (V10)")                                       \
	X(SYNC_CALL, "a Sync left a client with a data call (V9, V10)")                            \
	X(SYNC_SHARED, "a Sync left a client to its other holders (V10)")                          \
	X(SYNC_REPEATED, "the mux repeated its own Sync (V10)")                                    \
	X(SYNC_NOT_REPEATED, "it did not, for a client's sake (V10)")                              \
	X(SYNC_NEVER_ANSWERED, "its own Sync was not answered within 10 s (V10)")                  \
	X(SYNC_AT_SIGN_OF_LIFE, "it sent another when the modem showed signs of life (V10)")       \
	X(SYNC_CANCELLED, "an Allocate CID went before its own Sync (V10)")                        \
	X(SYNC_INDICATED, "a Sync indication came with the answer to its own Sync (V16)")          \
	X(UNICAST, "an indication went to a client's holder (V11)")                                \
	X(ORPHANS_INDICATION, "an orphan's indication was dropped (V11)")                          \
	X(BROADCAST, "a broadcast went to several sessions (V12)")                                 \
	X(BROADCAST_NOBODY, "a broadcast went nowhere (V12)")                                      \
	X(REVOKED, "a held client was revoked (V13)")                                              \
	X(REVOKED_NOBODYS, "a client without a holder was revoked (V13)")                          \
	X(CTL_INDICATION, "a CTL indication went to every session (V13)")                          \
	X(ABORTED, "a request was answered Aborted (V13, V16)")                                    \
	X(OVERFLOW, "an indication was dropped from a full queue (V14)")                           \
	X(OVERFLOW_FRAMES, "a queue was full with 1,024 frames (V14)")                             \
	X(RESPONSE_DROPPED, "a response was dropped from a full queue (V14)")                      \
	X(PART_READ_KEPT, "a partly read frame stayed in a full queue (V14)")                      \
	X(OVERFLOW_READ, "ENOBUFS was read (V14)")                                                 \
	X(EXPIRED, "a request to a service expired (V15)")                                         \
	X(CTL_EXPIRED, "a CTL request expired (V15)")                                              \
	X(CTL_DETACHED, "a CTL request expired as its session closed (V15)")                       \
	X(LATE_REFUSAL, "a release was refused too late (V15)")                                    \
	X(LATE_ANSWER, "a late answer was dropped (V15)")                                          \
	X(LATE_ALLOCATE, "a client was allocated too late (V15)")                                  \
	X(LATE_WAIT, "a newer request waited for a late answer (V15)")                             \
	X(LATE_TID_WAIT, "a CTL request waited for an expired tid (V15)")                          \
	X(LATE_TID_TAKEN, "an expired CTL tid was taken again (V15)")                              \
	X(LATE_USER_WAIT, "a CTL request waited for its user's expired tids (V15, V28)")           \
	X(LATE_FORGOTTEN, "more than 1,024 expired requests of a user (V15, V28)")                 \
	X(PORT_FAILED, "the port could not send a request (V15)")                                  \
	X(PORT_LOST, "the port had lost a request (V15)")                                          \
	X(EXPIRED_LOST, "the port had lost a Release CID that had expired (V15)")                  \
	X(OWN_FAILED, "the port could not send one of the mux's own requests (V15)")               \
	X(OWN_GIVEN_UP, "such a request was given up after three times (V15)")                     \
	X(RELEASE_REFUSED, "the release of a client was refused (V15)")                            \
	X(RELEASE_EXPIRED, "a release was not answered (V15)")                                     \
	X(RESTARTED, "the modem restarted with an indication (V16)")                               \
	X(PORT_RESET, "the port reported a reset (V16)")                                           \
	X(RESTART_IN_SYNC, "the modem restarted during a Sync (V16)")                              \
	X(RESTART_IN_RECLAIM, "the modem restarted during a reclaim (V16)")                        \
	X(UNPLUGGED, "the modem was unplugged (V17)")                                              \
	X(STOPPED, "the instance stopped with all clients released (V18)")                         \
	X(WRITE_GARBAGE, "a write was refused with EINVAL (V19)")                                  \
	X(WRITE_TOO_LONG, "a write was refused with EMSGSIZE (V19)")                               \
	X(WRITE_IN_PIECES, "a frame was put together from pieces (V19)")                           \
	X(MODEM_GARBAGE, "bytes from the modem were skipped (V19)")                                \
	X(MODEM_PARTIAL_LOST, "the rest of a frame from the modem never came (V19)")               \
	X(READ_IN_PIECES, "a frame was read in pieces (V20)")                                      \
	X(WRITE_FULL, "a write found the outbound queue full (V21)")                               \
	X(WRITABLE_AGAIN, "a full outbound queue had room again (V22)")                            \
	X(DUPLICATE_CID, "the modem allocated a CID twice (V2)")                                   \
	X(FOREIGN_USER, "another user's client was refused (V3, V28)")                             \
	X(ROOT_USES, "root used another user's client (V28)")                                      \
	X(SHARED_NODE, "a user used another's client on a shared node (V28)")                      \
	X(FOREIGN_RELEASED, "another user's client was released (V28)")                            \
	X(RECLAIMED_OTHERS, "another user's orphan was given up (V9, V28)")                        \
	X(RECLAIMED_IN_OTHER_WORDS, "an error that may mean exhaustion reclaimed an orphan (V9)")  \
	X(CLIENT_LIMIT, "a user had as many clients as it may (V28)")                              \
	X(CLIENT_LIMIT_RECLAIM, "such a user gave up an orphan of its own (V28)")                  \
	X(REVOKED_FOR_ANOTHER, "a client was revoked, of a user with most of them (V28)")          \
	X(CTL_SESSION_LIMIT, "a session had 8 CTL requests in flight (V28)")                       \
	X(CTL_USER_LIMIT, "a user had 32 device tids (V28)")                                       \
	X(CTL_RESERVE, "a tid of the reserve was used (V28)")                                      \
	X(WINDOW_SHUT, "a request waited for the window (V28)")                                    \
	X(OWN_LIMIT, "the modem had a request of the mux's own for a user (V28)")                  \
	X(FOR_PROXY, "a connection asked what only libqmi's proxy knows (V26)")                    \
	X(TURNS_LEFT, "turns were left for later (V14)")                                           \
	X(TAKEN_AT_PORT, "an Allocate CID was answered at its turn at the port (V28)")             \
	X(SAVED, "the daemon was restarted (V29)")                                                 \
	X(CRASHED, "the daemon crashed (V29)")                                                     \
	X(CRASH_LOSES_FRAMES, "frames to read were lost in it (V29)")                              \
	X(CRASH_RELEASES, "a client that was being released then is released again (V29)")         \
	X(CRASH_LOSES_CLIENT, "an Allocate CID was not answered after it (V29)")                   \
	X(ANSWER_FROM_BEFORE, "a response came for the only holder of its client (V29)")

enum situation {
#define SITUATION_NAME(name, text) SITUATION_##name,
	SITUATIONS(SITUATION_NAME)
#undef SITUATION_NAME
		SITUATION_COUNT
};

extern const char *const situation_texts[SITUATION_COUNT];

#endif
