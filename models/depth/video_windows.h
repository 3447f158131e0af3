#ifndef STEREOFARM_MODELS_DEPTH_VIDEO_WINDOWS_H_
#define STEREOFARM_MODELS_DEPTH_VIDEO_WINDOWS_H_

#include <cstdint>
#include <vector>

#include "common/image/image.h"

namespace stereofarm {

// How Video Depth Anything goes along a film that is longer than its window: windows of 32 frames
// overlap by 10, of which the first two are key frames from before; each window is brought to the
// scale of the ones before it and blended over eight frames (section 3.3 of the paper).

inline constexpr int kVideoWindow = 32;
inline constexpr int kVideoStep = 22;

// How many windows a film of so many frames takes.
int64_t VideoWindowCount(int64_t frames);

// The frames that go into window `number` of a film of `frames` frames, kVideoWindow of them. Past
// the end the last frame is repeated.
std::vector<int64_t> VideoWindowFrames(int64_t number, int64_t frames);

// Joins the windows' inverse depths, in order, to that of the film.
class VideoStitcher {
 public:
  // Takes the next window: kVideoWindow pictures of one channel and one size. Returns the frames
  // that no later window changes, in order: 24 of the first, 22 of each further one.
  std::vector<Image> Add(std::vector<Image> window);
  // The rest: what would be blended with a further window. Those past the film's end are the
  // caller's to drop.
  std::vector<Image> Finish();

 private:
  struct Affine {
    double scale = 1;
    double shift = 0;
  };
  // Least squares of the window's two key frames on what they were before.
  Affine Fit(const Image& first, const Image& second) const;

  std::vector<Image> tail_;        // the last frames so far, to be blended with the next window
  std::vector<Image> references_;  // the film's first frame, and frame 12 of the last window
};

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_DEPTH_VIDEO_WINDOWS_H_
