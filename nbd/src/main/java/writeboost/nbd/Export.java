package writeboost.nbd;

import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * What clients see of a device. The empty name means this export too.
 *
 * @param name at most 4096 bytes of UTF-8
 * @param description for people; may be empty
 * @param readOnly refuse writes even if the device takes them
 */
public record Export(String name, String description, boolean readOnly) {

  public Export {
    Objects.requireNonNull(name);
    Objects.requireNonNull(description);
    requireShort(name);
    requireShort(description);
  }

  private static void requireShort(String text) {
    if (text.getBytes(StandardCharsets.UTF_8).length > Protocol.MAX_STRING_BYTES) {
      throw new IllegalArgumentException(
          "An export's name and description have at most "
              + Protocol.MAX_STRING_BYTES
              + " bytes each");
    }
  }
}
