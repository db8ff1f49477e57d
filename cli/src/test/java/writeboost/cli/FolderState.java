package writeboost.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** All that a command could have changed below a folder: names, contents, times, rights. */
final class FolderState {

  private FolderState() {}

  static Map<String, String> of(Path folder) throws Exception {
    Map<String, String> state = new TreeMap<>();
    try (Stream<Path> paths = Files.walk(folder)) {
      for (Path path : (Iterable<Path>) paths::iterator) {
        state.put(folder.relativize(path).toString(), describe(path));
      }
    }
    return state;
  }

  private static String describe(Path path) throws Exception {
    Map<String, Object> attributes =
        Files.readAttributes(path, "unix:mode,uid,nlink,size", LinkOption.NOFOLLOW_LINKS);
    String description = new TreeMap<>(attributes).toString();
    if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
      return description; // its time changes when a socket comes and goes
    }
    description += " " + Files.getLastModifiedTime(path, LinkOption.NOFOLLOW_LINKS);
    if (Files.isSymbolicLink(path)) {
      return description + " -> " + Files.readSymbolicLink(path);
    }
    return Files.isRegularFile(path) ? description + " " + digest(path) : description;
  }

  private static String digest(Path path) throws IOException, NoSuchAlgorithmException {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    try (DigestInputStream in = new DigestInputStream(Files.newInputStream(path), digest)) {
      in.transferTo(java.io.OutputStream.nullOutputStream());
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
