#include "common/media/frame_order.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <utility>

namespace stereofarm {
namespace {

struct Candidate {
  int64_t packet = 0;
  int64_t pts = kNoTimestamp;
  int64_t sequence = 0;
  int64_t order = 0;
};

// A frame for each visible packet, in decode order. What stands before the first packet from which
// decoding may begin decodes to nothing.
std::vector<Candidate> FramesInDecodeOrder(const std::vector<OrderedPacket>& packets) {
  size_t first = 0;
  while (first < packets.size() && !packets[first].random_access) ++first;
  if (first == packets.size()) first = 0;
  std::vector<Candidate> frames;
  int64_t sequence = 0;
  // Times that jump back where a new sequence begins (recordings joined end to end) go on instead.
  int64_t offset = 0;
  int64_t last_dts = kNoTimestamp;
  int64_t last_step = 1;
  for (size_t i = first; i < packets.size(); ++i) {
    const OrderedPacket& packet = packets[i];
    if (packet.starts_sequence) ++sequence;
    if (packet.dts != kNoTimestamp) {
      const int64_t dts = packet.dts + offset;
      if (last_dts != kNoTimestamp && packet.random_access && dts < last_dts) {
        offset += last_dts + last_step - dts;
      } else if (last_dts != kNoTimestamp && dts > last_dts) {
        last_step = dts - last_dts;
      }
      last_dts = packet.dts + offset;
    }
    if (!packet.visible || packet.second_field) continue;
    Candidate frame;
    frame.packet = static_cast<int64_t>(i);
    if (packet.pts != kNoTimestamp) frame.pts = packet.pts + offset;
    frame.sequence = sequence;
    frame.order = packet.order;
    frames.push_back(frame);
  }
  return frames;
}

// Presentation order without times: by the codec's own picture numbers where it has them, else a B
// picture is shown at once and any other after the B pictures that follow it.
void SortByStructure(const std::vector<OrderedPacket>& packets, std::vector<Candidate>* frames) {
  const bool numbered = std::all_of(frames->begin(), frames->end(), [&](const Candidate& frame) {
    return packets[static_cast<size_t>(frame.packet)].has_order;
  });
  if (numbered) {
    std::stable_sort(frames->begin(), frames->end(), [](const Candidate& a, const Candidate& b) {
      return std::pair(a.sequence, a.order) < std::pair(b.sequence, b.order);
    });
    return;
  }
  std::vector<Candidate> shown;
  shown.reserve(frames->size());
  const Candidate* held = nullptr;
  for (const Candidate& frame : *frames) {
    if (packets[static_cast<size_t>(frame.packet)].is_b) {
      shown.push_back(frame);
      continue;
    }
    if (held != nullptr) shown.push_back(*held);
    held = &frame;
  }
  if (held != nullptr) shown.push_back(*held);
  *frames = std::move(shown);
}

// Gives times to the frames (in presentation order) that have none: between two that have one they
// are spread evenly, elsewhere a nominal duration apart.
void FillTimes(const std::vector<OrderedPacket>& packets, int64_t nominal,
               std::vector<Candidate>* frames) {
  // Times that contradict the order don't count.
  int64_t last = std::numeric_limits<int64_t>::min();
  std::vector<size_t> anchors;
  for (size_t i = 0; i < frames->size(); ++i) {
    Candidate& frame = (*frames)[i];
    if (frame.pts == kNoTimestamp) continue;
    if (frame.pts <= last) {
      frame.pts = kNoTimestamp;
      continue;
    }
    last = frame.pts;
    anchors.push_back(i);
  }
  if (anchors.empty()) {
    // The n-th frame shown at the n-th time of decoding.
    std::vector<int64_t> times;
    for (const Candidate& frame : *frames) {
      const int64_t dts = packets[static_cast<size_t>(frame.packet)].dts;
      if (dts != kNoTimestamp) times.push_back(dts);
    }
    std::sort(times.begin(), times.end());
    const bool distinct = std::adjacent_find(times.begin(), times.end()) == times.end();
    for (size_t i = 0; i < frames->size(); ++i) {
      (*frames)[i].pts =
          times.size() == frames->size() && distinct ? times[i] : static_cast<int64_t>(i) * nominal;
    }
    return;
  }
  const auto pts = [&](size_t i) -> int64_t& { return (*frames)[i].pts; };
  for (size_t i = anchors.front(); i-- > 0;) pts(i) = pts(i + 1) - nominal;
  for (size_t i = anchors.back() + 1; i < frames->size(); ++i) pts(i) = pts(i - 1) + nominal;
  for (size_t a = 0; a + 1 < anchors.size(); ++a) {
    const size_t from = anchors[a];
    const size_t to = anchors[a + 1];
    const int64_t gap = pts(to) - pts(from);
    const int64_t steps = static_cast<int64_t>(to - from);
    for (size_t i = from + 1; i < to; ++i) {
      pts(i) = pts(from) + gap * static_cast<int64_t>(i - from) / steps;
    }
  }
}

// Frames that share a time are spread to the next one; where there's no room, each comes one tick
// after the one before.
void MakeStrictlyRising(std::vector<Candidate>* frames) {
  size_t begin = 0;
  while (begin < frames->size()) {
    size_t end = begin + 1;
    while (end < frames->size() && (*frames)[end].pts == (*frames)[begin].pts) ++end;
    if (end - begin > 1 && end < frames->size()) {
      const int64_t from = (*frames)[begin].pts;
      const int64_t gap = (*frames)[end].pts - from;
      const int64_t steps = static_cast<int64_t>(end - begin);
      for (size_t i = begin + 1; i < end; ++i) {
        (*frames)[i].pts = from + gap * static_cast<int64_t>(i - begin) / steps;
      }
    }
    begin = end;
  }
  for (size_t i = 1; i < frames->size(); ++i) {
    (*frames)[i].pts = std::max((*frames)[i].pts, (*frames)[i - 1].pts + 1);
  }
}

// Number of the packet from which each frame decodes right. A frame that is shown before the key
// picture that precedes it in decode order may refer to frames before that picture.
void FindDecodeStarts(const std::vector<OrderedPacket>& packets,
                      std::vector<IndexedFrame>* frames) {
  constexpr int64_t kNotShown = -1;
  std::vector<int64_t> shown(packets.size(), kNotShown);
  for (size_t i = 0; i < frames->size(); ++i) {
    shown[static_cast<size_t>((*frames)[i].packet)] = static_cast<int64_t>(i);
  }
  int64_t key = 0;
  int64_t previous_key = 0;
  bool second = false;  // a random access point has been seen
  for (size_t i = 0; i < packets.size(); ++i) {
    if (packets[i].random_access && !packets[i].second_field) {
      previous_key = second ? key : static_cast<int64_t>(i);
      key = static_cast<int64_t>(i);
      second = true;
    }
    if (shown[i] == kNotShown) continue;
    const int64_t key_shown = shown[static_cast<size_t>(key)];
    const bool leading = key_shown != kNotShown && shown[i] < key_shown;
    (*frames)[static_cast<size_t>(shown[i])].decode_from_packet = leading ? previous_key : key;
  }
}

}  // namespace

std::vector<IndexedFrame> OrderFrames(const std::vector<OrderedPacket>& packets,
                                      int64_t nominal_duration) {
  const int64_t nominal = std::max<int64_t>(1, nominal_duration);
  std::vector<Candidate> candidates = FramesInDecodeOrder(packets);
  const bool timed = std::all_of(candidates.begin(), candidates.end(),
                                 [](const Candidate& frame) { return frame.pts != kNoTimestamp; });
  if (timed) {
    std::stable_sort(candidates.begin(), candidates.end(),
                     [](const Candidate& a, const Candidate& b) { return a.pts < b.pts; });
  } else {
    SortByStructure(packets, &candidates);
    FillTimes(packets, nominal, &candidates);
  }
  MakeStrictlyRising(&candidates);

  std::vector<IndexedFrame> frames(candidates.size());
  for (size_t i = 0; i < frames.size(); ++i) {
    frames[i].pts = candidates[i].pts;
    frames[i].packet = candidates[i].packet;
    if (i > 0) frames[i - 1].duration = frames[i].pts - frames[i - 1].pts;
  }
  if (!frames.empty()) {
    const int64_t own = packets[static_cast<size_t>(frames.back().packet)].duration;
    frames.back().duration =
        own > 0 ? own : (frames.size() > 1 ? frames[frames.size() - 2].duration : nominal);
  }
  FindDecodeStarts(packets, &frames);
  return frames;
}

}  // namespace stereofarm
