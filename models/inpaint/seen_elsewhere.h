#ifndef STEREOFARM_MODELS_INPAINT_SEEN_ELSEWHERE_H_
#define STEREOFARM_MODELS_INPAINT_SEEN_ELSEWHERE_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "models/api/inpainter.h"
#include "models/inpaint/disparity_motion.h"
#include "models/inpaint/exposure.h"
#include "models/inpaint/hole_colours.h"
#include "models/inpaint/kept_frame.h"

namespace stereofarm {

// Another frame of the shot, where its surface points stand in the frame to be filled, and how
// their colours look there.
struct SeenFrom {
  const KeptFrame* frame = nullptr;
  DisparityMotion motion;
  Exposure exposure = {};
};

// Fills holes with what other frames of the shot show of the surface that stands there.
class SeenElsewhere {
 public:
  // Fills what holes of `warped` it can, known from then on. `own`: the same frame
  // as the source eye sees it.
  //
  // Each neighbour's pixels are moved into the frame and on into the eye to be made, where the
  // nearest that reaches a pixel wins. A point counts only where the source eye sees nothing
  // farther in its place, for then it can't be there: so what moves by itself drops out. Of the
  // neighbours' answers to a pixel, those that agree with the median displacement are averaged.
  //
  // `made_up` (may be null) is what the holes would be filled with without other frames. The two
  // are mixed by what each is worth: the frames' answers by how much they vary, as they do where
  // something moves by itself; what is made up by how much the background beside it varies.
  void Fill(const KeptFrame& own, const std::vector<SeenFrom>& neighbours,
            const HoleColours* made_up, WarpedFrame* warped);

 private:
  struct Hole {
    int x, y;
  };
  // What has reached a hole: sums over pixels of one surface, by weight.
  struct Landing {
    float nearest = 0;  // signed so that larger is nearer
    float weight = 0;
    float source_x = 0, source_y = 0;  // in the neighbour
    float x = 0, y = 0;                // where it landed
    float source_d = 0, d = 0;         // displacement in the neighbour, and here
  };
  // The surface that one neighbour shows of a hole, and where; `d` isn't finite where it shows
  // none.
  struct Place {
    float d, source_d, x, y;
  };

  // Where the pixels of a block of a neighbour may land.
  struct Bounds {
    float left = 1e9f, top = 1e9f, right = -1e9f, bottom = -1e9f;
    float nearest_scale = 1e9f;  // not positive where the camera has passed a corner
  };

  void FindHoles(const WarpedFrame& warped);
  bool AnyHole(int x0, int y0, int x1, int y1) const;
  void Land(const SeenFrom& from, const KeptFrame& own, float sign);
  void FindBounds(const SeenFrom& from, int by);
  void LandBlock(const SeenFrom& from, const KeptFrame& own, float sign, int bx, int by);
  void LandPixel(const Landing& pixel);
  void Settle(Place* places) const;

  int width_ = 0, height_ = 0;
  float tolerance_ = 0, hidden_ = 0;  // of displacement, in pixels
  std::vector<Hole> holes_;
  std::vector<int32_t> index_;  // of each pixel: its hole, or -1
  // Whether the pixels right and below of a place have a hole among them; from column and row -2
  // on.
  std::vector<uint8_t> near_;
  size_t near_across_ = 0;
  std::vector<uint8_t> cells_;  // whether a cell of the picture has a hole
  int cells_across_ = 0;
  std::vector<Bounds> bounds_;     // of a row of blocks
  std::vector<Landing> landings_;  // of each hole
  std::vector<Place> places_;      // of each neighbour, of each hole
};

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_INPAINT_SEEN_ELSEWHERE_H_
