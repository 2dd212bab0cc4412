"""Other players, in a browser, over the same plans: shaka-player, hls.js and dash.js in a headless Chromium."""
