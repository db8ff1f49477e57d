package writeboost.nbd;

/**
 * The numbers of the NBD protocol, named as its specification names them. All integers are
 * big-endian; lengths and offsets are unsigned.
 *
 * <pre>
 * Handshake, fixed newstyle         server: NBDMAGIC 8 | IHAVEOPT 8 | flags 2
 *                                   client: flags 4, then options
 *   option (client)                 IHAVEOPT 8 | option 4 | length 4 | data
 *   option reply (server)           REPLY_MAGIC 8 | option 4 | type 4 | length 4 | data
 *   answer to EXPORT_NAME           size 8 | transmission flags 2 | zeroes 124 (not after NO_ZEROES)
 *
 * Transmission
 *   request (client)                REQUEST_MAGIC 4 | command flags 2 | type 2 | cookie 8
 *                                   | offset 8 | length 4 | payload of a WRITE
 *   simple reply (server)           SIMPLE_REPLY_MAGIC 4 | error 4 | cookie 8 | payload of a READ
 *   chunk of a structured reply     CHUNK_MAGIC 4 | flags 2 | type 2 | cookie 8 | length 4 | data
 *     OFFSET_DATA                   offset 8 | payload
 *     OFFSET_HOLE                   offset 8 | length 4
 *     BLOCK_STATUS                  context 4 | extents: length 4 | state 4
 *     ERROR                         error 4 | message length 2 | message
 * </pre>
 */
final class Protocol {

  // Handshake

  static final long NBD_MAGIC = 0x4e42444d41474943L; // "NBDMAGIC"
  static final long OPTION_MAGIC = 0x49484156454F5054L; // "IHAVEOPT"
  static final long OPTION_REPLY_MAGIC = 0x0003e889045565a9L;

  static final int GREETING_BYTES = 18;
  static final int CLIENT_FLAGS_BYTES = 4;
  static final int OPTION_HEADER_BYTES = 16;
  static final int OPTION_REPLY_HEADER_BYTES = 20;
  static final int EXPORT_NAME_ZEROES = 124;

  /** Names and descriptions; the specification's own bound. */
  static final int MAX_STRING_BYTES = 4096;

  /** Handshake flags of both sides. */
  static final int FLAG_FIXED_NEWSTYLE = 1;

  static final int FLAG_NO_ZEROES = 2;

  static final int OPT_EXPORT_NAME = 1;
  static final int OPT_ABORT = 2;
  static final int OPT_LIST = 3;
  static final int OPT_STARTTLS = 5;
  static final int OPT_INFO = 6;
  static final int OPT_GO = 7;
  static final int OPT_STRUCTURED_REPLY = 8;
  static final int OPT_LIST_META_CONTEXT = 9;
  static final int OPT_SET_META_CONTEXT = 10;

  static final int REP_ACK = 1;
  static final int REP_SERVER = 2;
  static final int REP_INFO = 3;
  static final int REP_META_CONTEXT = 4;
  static final int REP_ERR_UNSUP = 0x8000_0001;
  static final int REP_ERR_POLICY = 0x8000_0002;
  static final int REP_ERR_INVALID = 0x8000_0003;
  static final int REP_ERR_TLS_REQD = 0x8000_0005;
  static final int REP_ERR_UNKNOWN = 0x8000_0006;
  static final int REP_ERR_SHUTDOWN = 0x8000_0007;
  static final int REP_ERR_TOO_BIG = 0x8000_0009;

  static final int INFO_EXPORT = 0;
  static final int INFO_NAME = 1;
  static final int INFO_DESCRIPTION = 2;
  static final int INFO_BLOCK_SIZE = 3;

  // Transmission

  static final int TRANSMIT_HAS_FLAGS = 1;
  static final int TRANSMIT_READ_ONLY = 1 << 1;
  static final int TRANSMIT_SEND_FLUSH = 1 << 2;
  static final int TRANSMIT_SEND_FUA = 1 << 3;
  static final int TRANSMIT_ROTATIONAL = 1 << 4;
  static final int TRANSMIT_SEND_TRIM = 1 << 5;
  static final int TRANSMIT_SEND_WRITE_ZEROES = 1 << 6;
  static final int TRANSMIT_SEND_DF = 1 << 7;
  static final int TRANSMIT_CAN_MULTI_CONN = 1 << 8;
  static final int TRANSMIT_SEND_CACHE = 1 << 10;
  static final int TRANSMIT_SEND_FAST_ZERO = 1 << 11;

  static final int REQUEST_MAGIC = 0x25609513;
  static final int SIMPLE_REPLY_MAGIC = 0x67446698;

  static final int REQUEST_BYTES = 28;
  static final int REQUEST_FLAGS_AT = 4;
  static final int REQUEST_TYPE_AT = 6;
  static final int REQUEST_COOKIE_AT = 8;
  static final int REQUEST_OFFSET_AT = 16;
  static final int REQUEST_LENGTH_AT = 24;

  static final int REPLY_BYTES = 16;

  static final int CHUNK_MAGIC = 0x668e33ef;
  static final int CHUNK_BYTES = 20;
  static final int CHUNK_DONE = 1;

  // What chunks begin with behind their headers.
  static final int OFFSET_BYTES = 8;
  static final int HOLE_BYTES = 12;
  static final int ERROR_BYTES = 6;

  static final int CHUNK_NONE = 0;
  static final int CHUNK_OFFSET_DATA = 1;
  static final int CHUNK_OFFSET_HOLE = 2;
  static final int CHUNK_BLOCK_STATUS = 5;
  static final int CHUNK_ERROR = (1 << 15) + 1;
  static final int CHUNK_ERROR_OFFSET = (1 << 15) + 2;

  static final int CMD_READ = 0;
  static final int CMD_WRITE = 1;
  static final int CMD_DISC = 2;
  static final int CMD_FLUSH = 3;
  static final int CMD_TRIM = 4;
  static final int CMD_CACHE = 5;
  static final int CMD_WRITE_ZEROES = 6;
  static final int CMD_BLOCK_STATUS = 7;

  static final int CMD_FLAG_FUA = 1;
  static final int CMD_FLAG_NO_HOLE = 2;
  static final int CMD_FLAG_DF = 1 << 2;
  static final int CMD_FLAG_REQ_ONE = 1 << 3;
  static final int CMD_FLAG_FAST_ZERO = 1 << 4;

  // Block size constraints

  static final int SECTOR = 512;
  static final int PREFERRED_BLOCK = 4096;

  /** The longest payload of a READ or a WRITE, in bytes. */
  static final int MAX_PAYLOAD = 32 << 20;

  private Protocol() {}
}
