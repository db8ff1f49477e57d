package writeboost.nbd;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;

/**
 * What clients see of a device.
 *
 * @param name at most {@link #MAX_TEXT_BYTES} of UTF-8
 * @param description for people; as long at most; may be empty
 * @param readOnly refuse writes even if the device takes them
 * @param contexts what clients can ask of ranges beside "base:allocation", which every device has
 */
public record Export(
    String name, String description, boolean readOnly, List<MetaContext> contexts) {

  /** Of a name, and of a description. */
  public static final int MAX_TEXT_BYTES = Protocol.MAX_STRING_BYTES;

  /** More would make one reply too long. */
  private static final int MAX_CONTEXTS = 7;

  public Export {
    Objects.requireNonNull(name);
    Objects.requireNonNull(description);
    requireShort(name);
    requireShort(description);
    contexts = List.copyOf(contexts);
    if (contexts.size() > MAX_CONTEXTS) {
      throw new IllegalArgumentException("An export has at most " + MAX_CONTEXTS + " contexts");
    }
  }

  /** With no context of its own. */
  public Export(String name, String description, boolean readOnly) {
    this(name, description, readOnly, List.of());
  }

  /** Whether {@code text} can be a name or a description. */
  public static boolean isShort(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length <= MAX_TEXT_BYTES;
  }

  private static void requireShort(String text) {
    if (!isShort(text)) {
      throw new IllegalArgumentException(
          "An export's name and description have at most " + MAX_TEXT_BYTES + " bytes each");
    }
  }
}
