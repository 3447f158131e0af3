#ifndef STEREOFARM_MODELS_INPAINT_BACKGROUND_FILL_H_
#define STEREOFARM_MODELS_INPAINT_BACKGROUND_FILL_H_

#include "models/api/inpainter.h"

namespace stereofarm {

// Fills each hole from the background beside it, never from the foreground that uncovered it. Of
// the two ends of a row's hole the farther one is background, and so is every known pixel not more
// than a tolerance nearer than it (hole_sides.h). First the background's rim is freed of the
// foreground's colour (background_rim.h). A pixel of the hole becomes the mean of the background
// around it with weights 1 / (distance^2 + 2)^3: its nearest few pixels, more of them the deeper
// the hole; beyond ten rows to either side it skips some. A row without a known pixel takes the
// nearest row that has one; a picture without any turns black. Holes get
// colour and displacement; alpha stays. `variance`, where it's asked for (one channel, of the same
// size), gets at each filled pixel that of the background's colours around it, the mean over red,
// green and blue: how far off the fill may be. 0 in rows without a known pixel.
void FillFromBackground(WarpedFrame* frame, Image* variance = nullptr);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_INPAINT_BACKGROUND_FILL_H_
