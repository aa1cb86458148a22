/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QMI as it appears on a port: the numbers of the QMUX framing, of the CTL
 * service, and of the few other messages that the core must understand.
 * All integers on the wire are little-endian.
 */
#ifndef QMI_H
#define QMI_H

#include <stdint.h>

#define QMUX_MARKER        0x01             /* first byte of every frame */
#define QMUX_FLAGS_APP     0x00             /* sent by the control point: the application */
#define QMUX_FLAGS_SERVICE 0x80             /* sent by the service: the modem; some send 0x00 */
#define QMUX_SIZE_MAX      (UINT16_MAX + 1) /* the length field excludes the marker */

#define QMI_CID_NONE      0x00 /* the CID of CTL; never allocated for a service */
#define QMI_CID_MAX       0xFE
#define QMI_CID_BROADCAST 0xFF

enum qmi_service {
	QMI_SERVICE_CTL = 0x00,
	QMI_SERVICE_WDS = 0x01,
	QMI_SERVICE_DMS = 0x02,
	QMI_SERVICE_NAS = 0x03,
	QMI_SERVICE_WMS = 0x05,
	QMI_SERVICE_UIM = 0x0B,
	QMI_SERVICE_WDA = 0x1A,
};

enum qmi_ctl_message {
	QMI_CTL_SET_INSTANCE_ID = 0x0020,
	QMI_CTL_GET_VERSION_INFO = 0x0021,
	QMI_CTL_ALLOCATE_CID = 0x0022,
	QMI_CTL_RELEASE_CID = 0x0023,
	QMI_CTL_REVOKE_CID = 0x0024,
	QMI_CTL_INVALID_CID = 0x0025,
	QMI_CTL_SET_DATA_FORMAT = 0x0026,
	QMI_CTL_SYNC = 0x0027,
	/* Of libqmi's proxy, from here on: V26. */
	QMI_CTL_PROXY_OPEN = 0xFF00,
};

enum qmi_wds_message {
	QMI_WDS_RESET = 0x0000,
	QMI_WDS_ABORT = 0x0002,
	QMI_WDS_START_NETWORK = 0x0020,
	QMI_WDS_STOP_NETWORK = 0x0021,
	QMI_WDS_PACKET_SERVICE_STATUS = 0x0022,
};

enum qmi_dms_message {
	QMI_DMS_SET_OPERATING_MODE = 0x002E,
};

enum qmi_nas_message {
	QMI_NAS_ABORT = 0x0001,
};

/* The only TLV in Allocate, Release, Revoke and Invalid CID, and in Abort. */
#define QMI_TLV_FIRST  0x01
#define QMI_TLV_RESULT 0x02 /* in every response: u16 result, u16 error */

enum qmi_result {
	QMI_RESULT_SUCCESS = 0,
	QMI_RESULT_FAILURE = 1,
};

enum qmi_error {
	QMI_ERROR_NONE = 0,
	QMI_ERROR_MALFORMED_MESSAGE = 1,
	QMI_ERROR_NO_MEMORY = 2,
	QMI_ERROR_INTERNAL = 3,
	QMI_ERROR_ABORTED = 4,
	QMI_ERROR_CLIENT_IDS_EXHAUSTED = 5,
	QMI_ERROR_INVALID_CLIENT_ID = 7,
	QMI_ERROR_MISSING_ARGUMENT = 17,
	QMI_ERROR_NO_EFFECT = 26,
	QMI_ERROR_ACCESS_DENIED = 82,
	QMI_ERROR_NOT_SUPPORTED = 94,
};

#endif
