package writeboost.nbd;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a server of one export has to make of what a client sends, byte for byte, as the
 * specification has it and as our README says. Knows nothing of the server's code but its numbers.
 */
final class ProtocolModel {

  static final String NAME = "disk";
  static final String DESCRIPTION = "a disk";
  static final String CONTEXT = "base:allocation";
  static final int SECTOR = 512;
  private static final int MOST_OPTION_BYTES = 16 << 10;
  private static final int MOST_PAYLOAD = 32 << 20;
  private static final int EPERM = 1;
  private static final int EINVAL = 22;
  private static final int ENOSPC = 28;

  /** How the connection has to end, once all of the input is consumed. */
  enum End {
    /** The client closed: what a device has done by then is answered. */
    ANSWERED,

    /** The client said so: everything is answered. */
    DISCONNECTED,

    /** The server cuts the client off: what was asked last may not be answered. */
    CUT
  }

  /** One option and what has to come back: the last in order, the others in any. */
  record OptionAnswer(List<String> before, String last) {}

  /**
   * @param content of a READ; null of others
   * @param known which sectors of the content are certain
   */
  record Answer(
      int type,
      int error,
      long offset,
      long length,
      byte @Nullable [] content,
      boolean @Nullable [] known) {}

  private final ByteBuffer input;
  private final boolean readOnly;
  private final byte[] disk;
  private final boolean[] known; // by sector: what the disk has is certain
  private final boolean ordered;

  final List<OptionAnswer> options = new ArrayList<>();
  final Map<Long, List<Answer>> answers = new LinkedHashMap<>();
  End end = End.ANSWERED;

  /** Bytes that EXPORT_NAME is answered with; -1 if transmission did not begin so. */
  int exportNameBytes = -1;

  boolean structured;
  boolean described;
  private boolean noZeroes;

  /**
   * @param disk the content before; afterwards what it has to be, where {@code known} says so
   * @param ordered requests are carried out one after another
   */
  ProtocolModel(byte[] input, byte[] disk, boolean[] known, boolean readOnly, boolean ordered) {
    this.input = ByteBuffer.wrap(input);
    this.disk = disk;
    this.known = known;
    this.readOnly = readOnly;
    this.ordered = ordered;
  }

  /** All of it. */
  void run() {
    if (input.remaining() < 4) {
      return;
    }
    int flags = input.getInt();
    if ((flags & ~3) != 0) {
      end = End.CUT;
      return;
    }
    noZeroes = (flags & 2) != 0;
    while (input.remaining() >= 16) {
      if (input.getLong() != 0x49484156454F5054L) {
        end = End.CUT;
        return;
      }
      int option = input.getInt();
      long length = input.getInt() & 0xffff_ffffL;
      if (length > input.remaining() && (option != 1 || length <= MOST_OPTION_BYTES)) {
        return;
      }
      if (option == 1 && length > MOST_OPTION_BYTES) {
        end = End.CUT;
        return;
      }
      ByteBuffer data = input.slice(input.position(), (int) length);
      input.position(input.position() + (int) length);
      if (option(option, data)) {
        transmission();
        return;
      }
      if (end == End.CUT || option == 2 && length <= MOST_OPTION_BYTES) {
        return;
      }
    }
  }

  // handshake

  /** Whether transmission begins. */
  private boolean option(int option, ByteBuffer data) {
    boolean known = option == 1 || option == 2 || option == 3 || option >= 6 && option <= 10;
    if (!known) {
      return answer(option, List.of(), 0x8000_0001);
    }
    if (data.remaining() > MOST_OPTION_BYTES) {
      return answer(option, List.of(), 0x8000_0009);
    }
    return switch (option) {
      case 1 -> exportName(data);
      case 2 -> answer(option, List.of(), 1);
      case 3 ->
          data.hasRemaining()
              ? answer(option, List.of(), 0x8000_0003)
              : answer(option, List.of(reply(option, 2, listed())), 1);
      case 8 -> structuredReply(option, data);
      case 9, 10 -> contexts(option, data);
      default -> info(option, data);
    };
  }

  private boolean answer(int option, List<String> before, int last) {
    options.add(new OptionAnswer(before, reply(option, last, new byte[0])));
    return false;
  }

  static String reply(int option, int type, byte[] data) {
    return option + " " + Integer.toHexString(type) + " " + hex(data);
  }

  private static String hex(byte[] data) {
    StringBuilder text = new StringBuilder();
    for (byte each : data) {
      text.append(String.format("%02x", each));
    }
    return text.toString();
  }

  private static byte[] listed() {
    return ByteBuffer.allocate(4 + NAME.length() + DESCRIPTION.length())
        .putInt(NAME.length())
        .put(ascii(NAME))
        .put(ascii(DESCRIPTION))
        .array();
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private static boolean isOurs(byte[] name) {
    String text = new String(name, StandardCharsets.ISO_8859_1);
    return text.isEmpty() || text.equals(NAME);
  }

  private boolean exportName(ByteBuffer data) {
    byte[] name = new byte[data.remaining()];
    data.get(name);
    if (!isOurs(name)) {
      end = End.CUT;
      return false;
    }
    exportNameBytes = noZeroes ? 10 : 134;
    return true;
  }

  private boolean structuredReply(int option, ByteBuffer data) {
    if (data.hasRemaining()) {
      return answer(option, List.of(), 0x8000_0003);
    }
    structured = true;
    return answer(option, List.of(), 1);
  }

  /** Null if it does not fit. */
  private static byte @Nullable [] string(ByteBuffer data) {
    if (data.remaining() < 4) {
      return null;
    }
    long length = data.getInt() & 0xffff_ffffL;
    if (length > data.remaining()) {
      return null;
    }
    byte[] bytes = new byte[(int) length];
    data.get(bytes);
    return bytes;
  }

  private boolean contexts(int option, ByteBuffer data) {
    if (option == 10) {
      described = false;
    }
    byte[] name = string(data);
    boolean sound = name != null && data.remaining() >= 4;
    long count = sound ? data.getInt() & 0xffff_ffffL : 0;
    boolean wanted = option == 9 && count == 0;
    for (long i = 0; sound && i < count; i++) {
      byte[] query = string(data);
      sound = query != null;
      if (sound) {
        String text = new String(query, StandardCharsets.ISO_8859_1);
        wanted |= text.equals(CONTEXT) || option == 9 && text.equals("base:");
      }
    }
    if (!structured || !sound || data.hasRemaining()) {
      return answer(option, List.of(), 0x8000_0003);
    }
    if (!isOurs(name)) {
      return answer(option, List.of(), 0x8000_0006);
    }
    if (!wanted) {
      return answer(option, List.of(), 1);
    }
    described |= option == 10;
    byte[] told = ByteBuffer.allocate(4 + CONTEXT.length()).putInt(0).put(ascii(CONTEXT)).array();
    return answer(option, List.of(reply(option, 4, told)), 1);
  }

  private boolean info(int option, ByteBuffer data) {
    byte[] name = string(data);
    if (name == null || data.remaining() < 2) {
      return answer(option, List.of(), 0x8000_0003);
    }
    int count = data.getShort() & 0xffff;
    if (data.remaining() != 2 * count) {
      return answer(option, List.of(), 0x8000_0003);
    }
    if (!isOurs(name)) {
      return answer(option, List.of(), 0x8000_0006);
    }
    List<String> told = new ArrayList<>();
    ByteBuffer export = ByteBuffer.allocate(12).putShort((short) 0);
    told.add(reply(option, 3, export.putLong(disk.length).putShort((short) flags()).array()));
    boolean[] done = new boolean[4];
    for (int i = 0; i < count; i++) {
      int item = data.getShort() & 0xffff;
      if (item > 0 && item < 4 && !done[item]) {
        done[item] = true;
        told.add(reply(option, 3, item(item)));
      }
    }
    answer(option, told, 1);
    return option == 7;
  }

  private static byte[] item(int item) {
    if (item == 3) {
      return ByteBuffer.allocate(14)
          .putShort((short) 3)
          .putInt(SECTOR)
          .putInt(4096)
          .putInt(MOST_PAYLOAD)
          .array();
    }
    byte[] text = ascii(item == 1 ? NAME : DESCRIPTION);
    return ByteBuffer.allocate(2 + text.length).putShort((short) item).put(text).array();
  }

  int flags() {
    int flags = 1 | 1 << 2 | 1 << 3 | 1 << 8 | 1 << 10;
    flags |= readOnly ? 1 << 1 : 1 << 5 | 1 << 6 | 1 << 11;
    return structured ? flags | 1 << 7 : flags;
  }

  // transmission

  private void transmission() {
    while (input.remaining() >= 28) {
      if (input.getInt() != 0x25609513) {
        end = End.CUT;
        return;
      }
      int flags = input.getShort() & 0xffff;
      int type = input.getShort() & 0xffff;
      long cookie = input.getLong();
      long offset = input.getLong();
      long length = input.getInt() & 0xffff_ffffL;
      if (type == 2) {
        end = End.DISCONNECTED;
        return;
      }
      if (type == 1 && input.remaining() < length) {
        end = End.CUT; // in the middle of a payload: of this request nothing may be done
        return;
      }
      int error = error(flags, type, offset, length);
      int at = input.position();
      if (type == 1) {
        input.position(at + (int) length);
      }
      Answer answer = answer(type, error, offset, length);
      answers.computeIfAbsent(cookie, unused -> new ArrayList<>()).add(answer);
      if (error == 0 && length > 0) {
        carryOut(type, at, (int) offset, (int) length);
      }
    }
  }

  private int error(int flags, int type, long offset, long length) {
    int allowed =
        switch (type) {
          case 0 -> structured ? 1 | 4 : 1;
          case 1, 3, 4, 5 -> 1;
          case 6 -> 1 | 2 | 16;
          case 7 -> 1 | 8;
          default -> 0;
        };
    boolean changes = type == 1 || type == 4 || type == 6;
    boolean inside =
        Long.compareUnsigned(offset, disk.length) <= 0 && length <= disk.length - offset;
    if (type > 7
        || (flags & ~allowed) != 0
        || type <= 1 && length > MOST_PAYLOAD
        || type == 7 && (!described || length == 0)) {
      return EINVAL;
    }
    if (type == 3) {
      return offset == 0 && length == 0 ? 0 : EINVAL;
    }
    if (changes && readOnly) {
      return EPERM;
    }
    if (!inside) {
      return type == 1 || type == 6 ? ENOSPC : EINVAL;
    }
    return (offset | length) % SECTOR == 0 ? 0 : EINVAL;
  }

  private Answer answer(int type, int error, long offset, long length) {
    if (type != 0 || error != 0) {
      return new Answer(type, error, offset, length, null, null);
    }
    byte[] content = new byte[(int) length];
    System.arraycopy(disk, (int) offset, content, 0, content.length);
    boolean[] certain = new boolean[content.length / SECTOR];
    System.arraycopy(known, (int) offset / SECTOR, certain, 0, certain.length);
    return new Answer(type, error, offset, length, content, certain);
  }

  private void carryOut(int type, int payload, int offset, int length) {
    boolean certain = ordered && type != 4;
    if (type == 1) {
      System.arraycopy(input.array(), payload, disk, offset, length);
    } else if (type == 6) {
      Arrays.fill(disk, offset, offset + length, (byte) 0);
    }
    if (type == 1 || type == 4 || type == 6) {
      for (int sector = offset / SECTOR; sector < (offset + length) / SECTOR; sector++) {
        known[sector] = certain;
      }
    }
  }
}
