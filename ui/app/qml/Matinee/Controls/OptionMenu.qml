pragma ComponentBehavior: Bound
import QtQuick
import Matinee.Theme

// A menu over the player: one choice among several. Enter chooses, Esc, Back or Left closes.
FocusScope {
    id: root

    property string heading
    property alias model: list.model
    readonly property alias row: list.currentIndex

    // A held key has opened it: until that is let go its repetitions choose nothing. A desktop may send them as keys
    // of their own.
    property bool hushed: false

    property bool ordered: false // lines are put elsewhere by their grip, or by Shift with Up and Down
    property bool offers: false // more can be done with a line

    property bool named: false // letters that are typed lead to the line that starts with them
    property string typed: ""

    signal chosen(string key)
    signal more(string key) // what else can be done with a line: Right, Menu, the right button, or its chevron
    signal moved(int row, int to)
    signal closed()

    function reorder(row: int, to: int) {
        if (to >= 0 && to < list.count && to !== row) {
            moved(row, to)
            list.currentIndex = to
        }
    }
    function hush() {
        hushed = true
        hushing.restart()
    }

    // As wide as its longest line, within bounds.
    width: Math.max(Theme.px(280), Math.min(Theme.px(560), longest.width + Theme.px(110)))
    height: title.height + Theme.gap + Theme.px(6) + Math.min(list.contentHeight, Theme.px(340)) + Theme.tight
    Accessible.role: Accessible.PopupMenu
    Accessible.name: heading

    // Take the size that the lines need; before the menu is placed. A key that follows starts from the lines as they
    // are now.
    function fit() {
        longest.text = model.longest()
        list.forceLayout()
    }

    // Begin on the line that is chosen now.
    function open() { openAt(model.chosenRow()) }

    function openAt(row: int) {
        list.currentIndex = row
        list.positionViewAtIndex(list.currentIndex, ListView.Contain)
        list.forceActiveFocus(Qt.PopupFocusReason)
    }

    Keys.onEscapePressed: closed()
    Keys.onBackPressed: closed()
    Keys.onLeftPressed: if (!LayoutMirroring.enabled) closed()
    Keys.onRightPressed: if (LayoutMirroring.enabled) closed()
    Keys.onUpPressed: event => event.accepted = true
    Keys.onDownPressed: event => event.accepted = true

    Timer {
        id: typing
        interval: 1000
        onTriggered: root.typed = ""
    }
    Timer {
        id: hushing
        interval: Theme.heldEnds
        onTriggered: root.hushed = false
    }
    TextMetrics {
        id: longest
        font.family: Theme.family
        font.pixelSize: Theme.body
        font.weight: Font.DemiBold
    }
    Rectangle {
        anchors.fill: parent
        radius: Theme.radius
        color: Theme.panel
        border.width: 1
        border.color: Theme.line
    }
    MouseArea { // clicks beside the lines, and the wheel at their ends, stay in the menu
        anchors.fill: parent
        onWheel: event => event.accepted = true
    }
    Label {
        id: title
        anchors { left: parent.left; leftMargin: Theme.gap }
        y: Theme.px(14)
        text: root.heading
        color: Theme.muted
        font.pixelSize: Theme.small
        font.weight: Font.DemiBold
        Accessible.ignored: true
    }
    ScrollMark {
        objectName: "menuScrollMark"
        anchors { right: parent.right; rightMargin: Theme.px(2) }
        view: list
    }
    ListView {
        id: list
        anchors { left: parent.left; right: parent.right; top: title.bottom; bottom: parent.bottom }
        anchors { topMargin: Theme.tight; bottomMargin: Theme.tight; leftMargin: Theme.tight; rightMargin: Theme.tight }
        clip: true
        focus: true
        boundsBehavior: Flickable.StopAtBounds
        highlightMoveDuration: 0
        cacheBuffer: 2000
        Keys.onPressed: event => {
            const page = Math.max(1, Math.floor(height / (currentItem?.height || height)) - 1)
            let to = -1
            if (event.key === Qt.Key_PageUp || event.key === Qt.Key_PageDown)
                to = currentIndex + (event.key === Qt.Key_PageUp ? -page : page)
            else if (event.key === Qt.Key_Home || event.key === Qt.Key_End)
                to = event.key === Qt.Key_Home ? 0 : count - 1
            else if (root.named && event.text > " " && event.text !== "\x7f"
                     && !(event.modifiers & (Qt.ControlModifier | Qt.AltModifier))) {
                root.typed += event.text
                typing.restart()
                to = root.model.rowStarting(root.typed, currentIndex + (root.typed.length > 1 ? 0 : 1))
                event.accepted = true
                if (to < 0)
                    return
            } else {
                event.accepted = false
                return
            }
            event.accepted = true
            currentIndex = Math.max(0, Math.min(count - 1, to))
        }
        delegate: Pressable {
            id: line

            required property int index
            required property string key
            required property string label
            required property string detail
            required property bool chosen
            required property bool available

            name: detail ? label + ", " + detail : label
            ringed: false
            width: ListView.view.width
            height: Math.max(Theme.px(42), Theme.type(38))
            opacity: available ? 1 : 0.45
            Accessible.role: Accessible.MenuItem
            Accessible.checkable: true
            Accessible.checked: chosen
            // A line of an order: its key is its place.
            readonly property bool movable: root.ordered && /^[0-9]+$/.test(key)
            readonly property bool offers: root.offers && /^[0-9.]+$/.test(key)
            Keys.onPressed: event => {
                const forward = LayoutMirroring.enabled ? Qt.Key_Left : Qt.Key_Right
                event.accepted = movable || offers
                if (movable && event.modifiers & Qt.ShiftModifier && event.key === Qt.Key_Up)
                    root.reorder(index, index - 1)
                else if (movable && event.modifiers & Qt.ShiftModifier && event.key === Qt.Key_Down)
                    root.reorder(index, index + 1)
                else if (offers && [forward, Qt.Key_Menu].includes(event.key))
                    root.more(key)
                else
                    event.accepted = false
            }
            Keys.priority: Keys.BeforeItem
            onActiveFocusChanged: if (activeFocus) ListView.view.currentIndex = index // a click has given it the focus
            onRepeated: if (root.hushed) root.hush()
            onPressed: {
                if (root.hushed)
                    root.hush()
                else if (available)
                    root.chosen(key)
            }

            Rectangle {
                anchors.fill: parent
                anchors.margins: 1
                radius: Theme.radiusSmall
                color: line.activeFocus || line.hovered ? Theme.raisedHover : Theme.clear
                border.width: line.activeFocus ? Theme.focusWidth : 0
                border.color: Theme.focus
            }
            Icon {
                anchors { left: parent.left; leftMargin: Theme.tight }
                anchors.verticalCenter: parent.verticalCenter
                name: "check"
                color: Theme.accent
                size: Theme.px(18)
                visible: line.chosen
            }
            Label {
                id: words
                anchors { left: parent.left; leftMargin: Theme.px(36); verticalCenter: parent.verticalCenter }
                width: Math.min(implicitWidth, parent.width - Theme.px(48)
                                - (line.detail ? Math.min(more.implicitWidth + Theme.gap, parent.width * 0.4) : 0))
                text: line.label
                font.weight: line.chosen ? Font.DemiBold : Font.Normal
                Accessible.ignored: true
            }
            Label {
                id: more
                anchors { left: words.right; leftMargin: Theme.gap; right: grip.left; rightMargin: Theme.px(12) }
                anchors.verticalCenter: parent.verticalCenter
                horizontalAlignment: Text.AlignRight
                text: line.detail
                color: Theme.muted
                font.pixelSize: Theme.small
                Accessible.ignored: true
            }
            MouseArea {
                anchors.fill: parent
                enabled: line.offers
                acceptedButtons: Qt.RightButton
                onClicked: root.more(line.key)
            }
            MouseArea {
                anchors { right: parent.right; top: parent.top; bottom: parent.bottom }
                width: Theme.px(40)
                visible: line.offers && !line.movable
                cursorShape: Qt.PointingHandCursor
                onClicked: root.more(line.key)
                Icon {
                    anchors.centerIn: parent
                    name: "more"
                    color: Theme.muted
                    size: Theme.px(18)
                }
            }
            MouseArea {
                id: grip

                property real from: 0
                property int row: 0

                anchors { right: parent.right; top: parent.top; bottom: parent.bottom }
                width: line.offers ? Theme.px(40) : 0
                visible: line.movable
                preventStealing: true
                cursorShape: pressed ? Qt.ClosedHandCursor : Qt.OpenHandCursor
                onPressed: event => {
                    from = mapToItem(list, 0, event.y).y
                    row = line.index
                    line.forceActiveFocus(Qt.MouseFocusReason)
                }
                onPositionChanged: event => {
                    const by = mapToItem(list, 0, event.y).y - from
                    const to = Math.max(0, Math.min(list.count - 1, row + Math.round(by / line.height)))
                    if (to !== row) {
                        from += (to - row) * line.height
                        root.reorder(row, to)
                        row = to
                    }
                }
                Icon {
                    anchors.centerIn: parent
                    name: "grip"
                    color: Theme.muted
                    size: Theme.px(18)
                }
            }
        }
    }
}
