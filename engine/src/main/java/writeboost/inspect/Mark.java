package writeboost.inspect;

/** A place in the log before which everything was durable. */
record Mark(long id, int lines) {

  boolean covers(long otherId, int line) {
    return otherId < id || otherId == id && line < lines;
  }

  /** The newest segment of which something was durable. */
  long lastId() {
    return lines > 0 ? id : id - 1;
  }

  Mark max(Mark other) {
    return other.id > id || other.id == id && other.lines > lines ? other : this;
  }
}
