package writeboost.nbd;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The data of LIST_META_CONTEXT and SET_META_CONTEXT.
 *
 * <pre>
 *   name length 4 | name | count 4 | count times: length 4 | query
 * </pre>
 */
record ContextQueries(byte[] export, List<String> queries) {

  /** Null if {@code data} is malformed. */
  static @Nullable ContextQueries parse(ByteBuffer data) {
    byte[] export = string(data);
    if (export == null || data.remaining() < 4) {
      return null;
    }
    long count = data.getInt() & 0xffff_ffffL;
    List<String> queries = new ArrayList<>();
    for (long i = 0; i < count; i++) {
      byte[] query = string(data);
      if (query == null) {
        return null;
      }
      queries.add(new String(query, StandardCharsets.UTF_8));
    }
    return data.hasRemaining() ? null : new ContextQueries(export, queries);
  }

  private static byte @Nullable [] string(ByteBuffer data) {
    long length = data.remaining() < 4 ? -1 : data.getInt() & 0xffff_ffffL;
    if (length < 0 || length > data.remaining()) {
      return null;
    }
    byte[] bytes = new byte[(int) length];
    data.get(bytes);
    return bytes;
  }

  /** Whether LIST is to show {@code context}: no query at all asks for everything. */
  boolean list(MetaContext context) {
    return queries.isEmpty() || queries.stream().anyMatch(context::isListedBy);
  }

  /** Whether SET chooses {@code context}. */
  boolean choose(MetaContext context) {
    return queries.contains(context.name());
  }
}
