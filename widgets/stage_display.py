"""The stage's OpenGL window: textures uploaded beforehand, one blocking swap a frame, every key
with the moment it was pressed. Lives in a process of its own.
"""

from __future__ import annotations

import dataclasses
import math
import os
import sys
import time
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QRect, QSize, Qt
from PySide6.QtGui import (
    QFocusEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMatrix4x4,
    QMouseEvent,
    QOpenGLContext,
    QScreen,
    QSurface,
    QSurfaceFormat,
    QVector4D,
    QWindow,
)
from PySide6.QtOpenGL import (
    QOpenGLBuffer,
    QOpenGLShader,
    QOpenGLShaderProgram,
    QOpenGLTexture,
    QOpenGLVertexArrayObject,
)

from backend.stage.display import FIXATION, PATCH, KeyEvent, Layer, MeasuredRate, rate_of
from backend.stage.gamepad import GamePad
from backend.stage.preflight import managed

GL_COLOR_BUFFER_BIT, GL_TRIANGLE_STRIP, GL_BLEND = 0x4000, 5, 0x0BE2
GL_ONE, GL_SRC_ALPHA, GL_ONE_MINUS_SRC_ALPHA = 1, 0x0302, 0x0303
SPIN_S, REAL_TIME_SPIN_S = 0.02, 0.003
VSYNC_FLIPS = 30
ACTIVATE_S = 0.5
MARGIN_PX, TITLE_PX = 12, 40
SAME_CLOCK_S = 0.5
REPEAT_MS, LET_GO_S = 1, 0.03
ARM = 0.12

VERTEX = """
attribute vec2 corner;
uniform mat4 place;
varying vec2 at;
void main() {
    gl_Position = place * vec4(corner, 0.0, 1.0);
    at = vec2(corner.x + 0.5, 0.5 - corner.y);
}
"""
FRAGMENT = """
#ifdef GL_ES
precision highp float;
#endif
uniform sampler2D image;
uniform vec4 look;   // opacity, 1 for an image, gray level, 1 for gray images
varying vec2 at;
void main() {
    vec4 colour = texture2D(image, at);
    vec3 shown = mix(vec3(look.z), look.w > 0.5 ? colour.rrr : colour.rgb, look.y);
    gl_FragColor = vec4(shown, look.x);
}
"""

KEYS = {
    Qt.Key.Key_Space: "space", Qt.Key.Key_Return: "return", Qt.Key.Key_Enter: "return",
    Qt.Key.Key_Escape: "escape", Qt.Key.Key_Left: "left", Qt.Key.Key_Right: "right",
    Qt.Key.Key_Up: "up", Qt.Key.Key_Down: "down", Qt.Key.Key_Tab: "tab",
    Qt.Key.Key_Backspace: "backspace", Qt.Key.Key_Shift: "shift", Qt.Key.Key_Control: "control",
}  # fmt: skip
BUTTONS = {
    Qt.MouseButton.LeftButton: "left button", Qt.MouseButton.RightButton: "right button",
    Qt.MouseButton.MiddleButton: "middle button",
}  # fmt: skip


def surface_format() -> QSurfaceFormat:
    """Double buffered, swap at the vertical blank."""
    wanted = QSurfaceFormat()
    wanted.setSwapInterval(1)
    wanted.setSwapBehavior(QSurfaceFormat.SwapBehavior.DoubleBuffer)
    wanted.setDepthBufferSize(0)
    wanted.setStencilBufferSize(0)
    wanted.setAlphaBufferSize(0)
    return wanted


def key_name(event: QKeyEvent) -> str:
    """The key's name as designs write it."""
    named = KEYS.get(Qt.Key(event.key()))
    return named or event.text().lower() or QKeySequence(event.key()).toString().lower()


def corner_of(screen: QScreen, size: tuple[int, int]) -> QRect:
    """Lower right on the screen, where the operator's window has no controls."""
    area = screen.availableGeometry().adjusted(MARGIN_PX, TITLE_PX, -MARGIN_PX, -MARGIN_PX)
    place = QRect(area.topLeft(), QSize(*size))
    place.moveBottomRight(area.bottomRight())
    place.moveTopLeft(QPoint(max(place.left(), area.left()), max(place.top(), area.top())))
    return place


def moment_of(stamp: int) -> float:
    """When an event happened, on the clock of flips, from the system's time stamp in ms."""
    now = time.perf_counter()
    # X11 and Windows stamp events on the clock perf_counter reads, in ms modulo 2**32.
    ago = ((now * 1000.0 - stamp) % 2**32) / 1000.0
    return now - ago if 0.0 <= ago < SAME_CLOCK_S else now


class StageWindow(QWindow):
    """The window; remembers keys and buttons with their times."""

    def __init__(self, screen: QScreen, windowed: tuple[int, int] | None) -> None:
        super().__init__(screen)
        self.events: list[KeyEvent] = []
        self.down: list[str] = []
        self._let_go: dict[str, tuple[str, int, float, float]] = {}
        self.wants_close = False
        self.was_active = False
        self.setSurfaceType(QSurface.SurfaceType.OpenGLSurface)
        self.setFormat(surface_format())
        self.setTitle("Isomorph stage")
        self.setCursor(Qt.CursorShape.BlankCursor)
        self.setGeometry(screen.geometry() if windowed is None else corner_of(screen, windowed))

    def _pressed(self, name: str, device: str, stamp: int) -> None:
        """Remember a press, unless a key that is held repeats.

        X11 repeats with a release and a press of one time stamp; Qt knows them for a repeat only
        when both have arrived. So a release counts once no such press has followed it.
        """
        let_go = self._let_go.pop(name, None)
        if let_go is not None and abs(stamp - let_go[1]) <= REPEAT_MS:
            return
        if let_go is not None:
            self._take_release(name, *let_go)
        if name not in self.down:
            self.down.append(name)
        self.events.append(KeyEvent(name, moment_of(stamp), device, True))

    def _released(self, name: str, device: str, stamp: int) -> None:
        self._let_go[name] = (device, stamp, moment_of(stamp), time.perf_counter())

    def _take_release(self, name: str, device: str, stamp: int, moment: float, seen: float) -> None:
        if name in self.down:
            self.down.remove(name)
        self.events.append(KeyEvent(name, moment, device, False))

    def take_events(self) -> list[KeyEvent]:
        """What happened since the last call."""
        ripe = time.perf_counter() - LET_GO_S
        for name, let_go in list(self._let_go.items()):
            if let_go[3] < ripe:
                self._take_release(name, *self._let_go.pop(name))
        found, self.events = self.events, []
        return found

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not event.isAutoRepeat():
            self._pressed(key_name(event), "keyboard", event.timestamp())

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if not event.isAutoRepeat():
            self._released(key_name(event), "keyboard", event.timestamp())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        name = BUTTONS.get(event.button(), "button")
        self._pressed(name, "mouse", event.timestamp())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        name = BUTTONS.get(event.button(), "button")
        self._released(name, "mouse", event.timestamp())

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.was_active = True
        super().focusInEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Close:
            self.wants_close = True
            event.ignore()
            return True
        return super().event(event)


class StageDisplay:
    """A :class:`backend.stage.display.Display` on a real screen.

    Parameters
    ----------
    screen : where to stand; the last one when left out.
    windowed : (width, height) in px of a window instead of the full screen.
    gamma : of the monitor; 1 leaves gray levels as they are.
    late : {number of the flip: extra frames}, a test's way to make the screen late.

    Attributes
    ----------
    paced : "screen" when a swap waits for the vertical blank, "software" when it does not and the
        frames are timed by the clock (virtual displays).
    """

    def __init__(
        self,
        screen: QScreen | None = None,
        windowed: tuple[int, int] | None = None,
        gamma: float = 1.0,
        late: Mapping[int, int] | None = None,
    ) -> None:
        self.screen = screen or QGuiApplication.screens()[-1]
        self.window = StageWindow(self.screen, windowed)
        self.context = QOpenGLContext()
        self.context.setFormat(surface_format())
        if not self.context.create():
            raise RuntimeError("This computer gives no OpenGL window. Update its graphics driver.")
        self.paced = "screen"
        self.period = 1.0 / (self.screen.refreshRate() or 60.0)
        self.late = dict(late or {})
        self.flips = 0
        self.pads = GamePad()
        self.managed = QGuiApplication.platformName() != "xcb" or managed()
        self._spin = REAL_TIME_SPIN_S if in_real_time() else SPIN_S
        self._last = 0.0
        self._level = 128 / 255
        self._textures: dict[str, tuple[QOpenGLTexture | None, QVector4D, float]] = {}
        self._calls: list[tuple[QOpenGLTexture | None, QMatrix4x4, QVector4D]] = []
        self._gamma_table = gamma_table(gamma)
        self._show_window(windowed is None)
        self._make_program()

    # ---- making ----------------------------------------------------------------------------

    def _show_window(self, full: bool) -> None:
        self.window.showFullScreen() if full else self.window.show()
        end = time.perf_counter() + 5.0
        while not self.window.isExposed() and time.perf_counter() < end:
            QCoreApplication.processEvents()
            time.sleep(0.002)
        if not self.context.makeCurrent(self.window):
            raise RuntimeError("The stage window cannot be drawn on. Close other programs.")
        self.bring_forward()

    def bring_forward(self) -> None:
        """In front of the other windows, with the keyboard, if the window manager lets us."""
        for attempt in range(2):
            if attempt:  # a window that appears anew gets what one that asks is refused
                self.window.setVisible(False)
                self.window.setVisible(True)
            self.window.raise_()
            self.window.requestActivate()
            end = time.perf_counter() + ACTIVATE_S
            while not self.focused and time.perf_counter() < end:
                QCoreApplication.processEvents()
                time.sleep(0.002)
            if self.focused:
                break
        self.context.makeCurrent(self.window)

    def _make_program(self) -> None:
        self.gl = self.context.functions()
        self.gl.initializeOpenGLFunctions()
        kind = QOpenGLShader.ShaderTypeBit
        self.program = QOpenGLShaderProgram()
        self.program.addShaderFromSourceCode(kind.Vertex, VERTEX)
        self.program.addShaderFromSourceCode(kind.Fragment, FRAGMENT)
        self.program.bindAttributeLocation("corner", 0)
        if not self.program.link():
            raise RuntimeError(f"The stage's shader was refused: {self.program.log()}")
        self.program.bind()
        self._vertices = QOpenGLVertexArrayObject()
        self._vertices.create()
        self._vertices.bind()
        corners = np.array([-0.5, -0.5, 0.5, -0.5, -0.5, 0.5, 0.5, 0.5], np.float32).tobytes()
        self._buffer = QOpenGLBuffer(QOpenGLBuffer.Type.VertexBuffer)
        self._buffer.create()
        self._buffer.bind()
        self._buffer.allocate(corners, len(corners))
        self.program.enableAttributeArray(0)
        self.program.setAttributeBuffer(0, 0x1406, 0, 2)  # GL_FLOAT
        self._place = self.program.uniformLocation("place")
        self._look = self.program.uniformLocation("look")
        self.gl.glEnable(GL_BLEND)
        # Where the window has an alpha channel it must stay 1, or the desktop shines through.
        self.gl.glBlendFuncSeparate(
            GL_SRC_ALPHA, GL_ONE_MINUS_SRC_ALPHA, GL_ONE, GL_ONE_MINUS_SRC_ALPHA
        )
        width, height = self.size_px
        self.gl.glViewport(0, 0, width, height)
        self._screen_matrix = QMatrix4x4()
        self._screen_matrix.ortho(-width / 2, width / 2, -height / 2, height / 2, -1, 1)

    # ---- facts -----------------------------------------------------------------------------

    @property
    def size_px(self) -> tuple[int, int]:
        """Physical px of the window."""
        ratio = self.window.devicePixelRatio()
        return round(self.window.width() * ratio), round(self.window.height() * ratio)

    @property
    def focused(self) -> bool:
        """Whether key presses reach the window."""
        # Without a window manager no window is ever active, and keys still come.
        return self.window.isActive() or not (self.managed or self.window.was_active)

    @property
    def texture_bytes(self) -> int:
        """Memory of the uploaded images, as the card holds them."""
        return sum(
            t.width() * t.height() * (1 if look.w() else 3)
            for t, look, _ in self._textures.values()
            if t is not None
        )

    def measure(self, n_flips: int) -> MeasuredRate:
        """Flip on an empty screen and measure; finds out whether swaps wait for the screen."""
        calls, self._calls = self._calls, []
        self.paced = "screen"
        quick = [self.flip() for _ in range(VSYNC_FLIPS)]
        if float(np.median(np.diff(quick[5:]))) < 0.5 * self.period:
            self.paced = "software"
            self._last = time.perf_counter()
        stamps = [self.flip() for _ in range(n_flips)]
        self._calls = calls
        measured = rate_of(stamps)
        if self.paced == "software":  # the clock's rate is known; stamps only blur it
            return dataclasses.replace(measured, hz=1.0 / self.period)
        self.period = measured.period_s
        return measured

    # ---- between trials --------------------------------------------------------------------

    def background(self, level: int) -> None:
        """Gray level behind everything."""
        self._level = float(self._gamma_table[level]) / 255.0

    def upload(self, name: str, image: np.ndarray) -> None:
        """Make a texture; ValueError for what none can hold."""
        if image.dtype != np.uint8 or image.ndim not in (2, 3) or 0 in image.shape:
            raise ValueError(f"{name}: a texture is (H, W) or (H, W, 3) uint8, not {image.shape}.")
        grey = image.ndim == 2
        pixels = np.ascontiguousarray(self._gamma_table[image])
        self.free([name])
        texture = QOpenGLTexture(QOpenGLTexture.Target.Target2D)
        texture.setAutoMipMapGenerationEnabled(False)
        kinds = QOpenGLTexture.TextureFormat
        texture.setFormat(kinds.R8_UNorm if grey else kinds.RGB8_UNorm)
        texture.setSize(image.shape[1], image.shape[0])
        texture.setMipLevels(1)
        source = QOpenGLTexture.PixelFormat
        texture.allocateStorage(source.Red if grey else source.RGB, QOpenGLTexture.PixelType.UInt8)
        self.gl.glPixelStorei(0x0CF5, 1)  # GL_UNPACK_ALIGNMENT
        # The binding takes the bytes of what its stub calls an address.
        texture.setData(  # type: ignore[call-overload]
            source.Red if grey else source.RGB, QOpenGLTexture.PixelType.UInt8, pixels.tobytes()
        )
        texture.setMinMagFilters(QOpenGLTexture.Filter.Linear, QOpenGLTexture.Filter.Linear)
        texture.setWrapMode(QOpenGLTexture.WrapMode.ClampToEdge)
        look = QVector4D(1.0, 1.0, 0.0, 1.0 if grey else 0.0)
        self._textures[name] = (texture, look, image.shape[0] / image.shape[1])
        self._touch(texture)

    def _touch(self, texture: QOpenGLTexture) -> None:
        """Draw it once where nobody sees it: drivers put off the transfer until the first use."""
        texture.bind()
        nowhere = QMatrix4x4()
        nowhere.translate(4.0, 4.0)
        self.program.setUniformValue(self._place, nowhere)
        self.gl.glDrawArrays(GL_TRIANGLE_STRIP, 0, 4)
        self.gl.glFinish()

    def free(self, names: Iterable[str]) -> None:
        """Forget textures."""
        for name in names:
            found = self._textures.pop(name, None)
            if found is not None and found[0] is not None:
                found[0].destroy()

    # ---- inside a trial --------------------------------------------------------------------

    def show(self, layers: Sequence[Layer]) -> None:
        """What the next flips draw; KeyError for a texture that was never uploaded."""
        self._calls = [call for layer in layers for call in self._drawn(layer)]

    def _drawn(self, layer: Layer) -> list[tuple[QOpenGLTexture | None, QMatrix4x4, QVector4D]]:
        if layer.texture in (FIXATION, PATCH):
            level = float(self._gamma_table[layer.level]) / 255.0
            look = QVector4D(layer.opacity, 0.0, level, 0.0)
            if layer.texture == PATCH:
                return [(None, self._matrix(layer, layer.width, layer.height), look)]
            thick = max(2.0, round(ARM * layer.width))
            return [
                (None, self._matrix(layer, layer.width, thick), look),
                (None, self._matrix(layer, thick, layer.width), look),
            ]
        texture, look, proportion = self._textures[layer.texture]
        assert texture is not None
        width = layer.width or float(texture.width())
        height = layer.height or (layer.width * proportion if layer.width else texture.height())
        seen = QVector4D(layer.opacity, look.y(), look.z(), look.w())
        return [(texture, self._matrix(layer, width, height), seen)]

    def _matrix(self, layer: Layer, width: float, height: float) -> QMatrix4x4:
        matrix = QMatrix4x4(self._screen_matrix)
        matrix.translate(layer.x, layer.y)
        matrix.rotate(layer.rotation, 0, 0, 1)
        matrix.scale(width, height)
        return matrix

    def _draw(self) -> None:
        gl, program, level = self.gl, self.program, self._level
        gl.glClearColor(level, level, level, 1.0)
        gl.glClear(GL_COLOR_BUFFER_BIT)
        for texture, matrix, look in self._calls:
            if texture is not None:
                texture.bind()
            program.setUniformValue(self._place, matrix)
            program.setUniformValue(self._look, look)
            gl.glDrawArrays(GL_TRIANGLE_STRIP, 0, 4)
        gl.glFinish()

    def flip(self) -> float:
        """Draw, swap at the blank, stamp; then let keys come in."""
        self._draw()
        extra = self.late.get(self.flips, 0)
        if extra:
            self._wait_for((self._last or time.perf_counter()) + (extra + 0.5) * self.period)
        if self.paced == "software":
            self._wait_for(self._next_blank())
        self.context.swapBuffers(self.window)
        self.gl.glFinish()
        now = time.perf_counter()
        if self.paced == "screen":
            self._last = now
        self.flips += 1
        QCoreApplication.processEvents()
        return now

    def _next_blank(self) -> float:
        """The next point of the clock's frame grid; what is late waits for the one after, as on a
        screen.
        """
        now = time.perf_counter()
        if not self._last:
            self._last = now
        frames = max(1, math.ceil((now - self._last) / self.period))
        self._last += frames * self.period
        return self._last

    def _wait_for(self, moment: float) -> None:
        """Sleep, then spin through the rest of a frame: even a short sleep may end late.

        A process in real time wakes in time; one that never slept would be halted by the system.
        """
        left = moment - time.perf_counter()
        if left > self._spin:
            time.sleep(left - self._spin)
        while time.perf_counter() < moment:
            pass

    def now(self) -> float:
        """The clock of flips and answers."""
        return time.perf_counter()

    def answers(self) -> list[KeyEvent]:
        """Presses and releases since the last call, in the order of their times."""
        found = self.window.take_events() + self.pads.events()
        return sorted(found, key=lambda event: event.time) if len(found) > 1 else found

    def held(self) -> Sequence[str]:
        """Keys that are down now."""
        return (*self.window.down, *self.pads.down)

    @property
    def wants_close(self) -> bool:
        """Whether somebody tried to close the window."""
        return self.window.wants_close

    def grab(self) -> np.ndarray:
        """(H, W, 3) uint8 of what is drawn now, for tests; not inside a trial."""
        from PySide6.QtOpenGL import QOpenGLFramebufferObject

        width, height = self.size_px
        target = QOpenGLFramebufferObject(width, height)
        target.bind()
        self._draw()
        image = target.toImage().convertToFormat(target.toImage().Format.Format_RGB888)
        target.release()
        lines = np.frombuffer(image.constBits(), np.uint8).reshape(height, image.bytesPerLine())
        return lines[:, : 3 * width].reshape(height, width, 3).copy()

    def close(self) -> None:
        """Free everything and close the window."""
        self.free(list(self._textures))
        self._vertices.destroy()
        self._buffer.destroy()
        self.context.doneCurrent()
        self.window.destroy()
        self.pads.close()


def gamma_table(gamma: float) -> np.ndarray:
    """(256,) uint8: the levels that make luminance linear on a monitor of this gamma."""
    levels = np.arange(256) / 255.0
    return np.rint(255.0 * levels ** (1.0 / gamma)).astype(np.uint8)


def in_real_time() -> bool:
    """Whether the system runs this process before all ordinary ones (Linux)."""
    return sys.platform == "linux" and os.sched_getscheduler(0) in (os.SCHED_RR, os.SCHED_FIFO)
