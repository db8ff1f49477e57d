package writeboost.log;

/** A place in the log before which everything is durable. */
record Mark(long id, int lines) {

  boolean covers(long otherId, int line) {
    return otherId < id || otherId == id && line < lines;
  }

  Mark max(Mark other) {
    return other.id > id || other.id == id && other.lines > lines ? other : this;
  }

  /** The newest segment of which at least a part is durable. */
  long lastId() {
    return lines > 0 ? id : id - 1;
  }
}
