package writeboost.nbd;

import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import writeboost.device.Extents;

/**
 * Something that clients can ask of the ranges of an export with BLOCK_STATUS ("Metadata contexts"
 * in the NBD specification).
 *
 * @param name "namespace:leaf"; at most 4096 bytes of UTF-8. A namespace of one's own begins with
 *     "x-"
 * @param source describes the range that it is given, as {@link
 *     writeboost.device.BlockDevice#describe} does: any state, at least one extent, completed
 *     exactly once, on any thread
 */
public record MetaContext(String name, Consumer<Extents> source) {

  /** What every export has: {@link Extents#HOLE} and {@link Extents#ZERO}. */
  static final String ALLOCATION = "base:allocation";

  public MetaContext {
    int colon = name.indexOf(':');
    if (colon < 1 || colon == name.length() - 1) {
      throw new IllegalArgumentException("A context is named namespace:leaf, not " + name);
    }
    if (name.getBytes(StandardCharsets.UTF_8).length > Protocol.MAX_STRING_BYTES) {
      throw new IllegalArgumentException("The name of a context is too long");
    }
  }

  /** Whether a query of LIST asks for it: by its name, or by its namespace and the colon. */
  boolean isListedBy(String query) {
    return name.equals(query) || query.endsWith(":") && name.startsWith(query);
  }
}
