#ifndef STEREOFARM_COMMON_IMAGE_PIECE_HEAP_H_
#define STEREOFARM_COMMON_IMAGE_PIECE_HEAP_H_

#include <cstddef>
#include <map>
#include <optional>
#include <vector>

namespace stereofarm {

// The books of one range of addresses: what is in use, what is kept (free, with memory behind it)
// and what is bare (free, with none). Pieces of any size are cut from what is kept, and grow
// together again when they are returned, so that pages serve pieces of one size after those of
// another. Offsets and sizes are bytes. It touches no memory itself. Not thread-safe.
class PieceHeap {
 public:
  // A range of `bytes`, all of it bare, whose memory comes `page` bytes at multiples of it at a
  // time.
  PieceHeap(size_t bytes, size_t page);

  struct Piece {
    size_t offset = 0;
    size_t bare = 0;  // bytes of it, and of its last page, that have no memory behind them yet
  };
  // The smallest kept part that `bytes` fit into; without one, the first place where they fit, kept
  // or bare, and what is left of its last page is kept. None where they fit nowhere, and for 0.
  std::optional<Piece> Take(size_t bytes);
  // A piece that Take gave: its memory is kept.
  void Return(size_t offset, size_t bytes);

  struct Range {
    size_t offset = 0;
    size_t bytes = 0;
  };
  // Makes at least `bytes` of what is kept bare, or as much as there is in whole units at multiples
  // of `unit`; the smallest parts first, which the fewest pieces fit into. The memory behind the
  // result is to be let go.
  std::vector<Range> Drop(size_t bytes, size_t unit);

  size_t kept() const { return kept_; }

 private:
  struct Free {
    size_t bytes = 0;
    bool is_kept = false;
  };
  using FreeByOffset = std::map<size_t, Free>;

  // Adds a free part, grown together with neighbours of its kind.
  void Add(size_t offset, Free part);

  size_t page_;
  FreeByOffset free_;
  size_t kept_ = 0;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_IMAGE_PIECE_HEAP_H_
