// Loaded before a program: twice a second its clock jumps by a day, back and forth. Timers go on, as the system's do.
const day = 86_400_000;
const System = globalThis.Date;
let shift = day;
setInterval(() => {
  shift = -shift;
}, 500).unref();

globalThis.Date = class extends System {
  constructor(...told) {
    if (told.length === 0) super(System.now() + shift);
    else super(...told);
  }

  static now() {
    return System.now() + shift;
  }
};
