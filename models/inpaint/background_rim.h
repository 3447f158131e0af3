#ifndef STEREOFARM_MODELS_INPAINT_BACKGROUND_RIM_H_
#define STEREOFARM_MODELS_INPAINT_BACKGROUND_RIM_H_

#include "models/api/inpainter.h"

namespace stereofarm {

// The background's pixels next to a hole lay next to the foreground in the source, and antialiasing
// and lenses mixed some of its colour into them: left alone they draw the foreground's outline a
// second time, on the hole's far side, and colour the fill. Takes the foreground's share out of the
// two pixels next to the hole, and out of the chroma of four, since video has chroma at half the
// width: where they are plainly a mixture, that is where their colour lies between that of the
// background behind them and that of the foreground on the hole's other side, by more than the
// background varies by itself. Does so at every hole of the frame.
void CleanBackgroundRims(WarpedFrame* target);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_INPAINT_BACKGROUND_RIM_H_
