package writeboost.nbd;

import java.nio.charset.StandardCharsets;

/** Text from a client, made fit for a log: no line breaks, no terminal sequences, not too long. */
final class Printable {

  private static final int MAX_BYTES = 128;

  private Printable() {}

  static String of(String text) {
    return of(text.getBytes(StandardCharsets.UTF_8));
  }

  static String of(byte[] text) {
    StringBuilder printable = new StringBuilder();
    for (int i = 0; i < Math.min(text.length, MAX_BYTES); i++) {
      byte c = text[i];
      if (c >= ' ' && c <= '~' && c != '\\' && c != '"') {
        printable.append((char) c);
      } else {
        printable.append(String.format("\\x%02x", c));
      }
    }
    return text.length > MAX_BYTES ? printable + "..." : printable.toString();
  }
}
