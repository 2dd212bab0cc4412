pragma ComponentBehavior: Bound
import QtQuick
import Matinee.Theme

// A channel of the guide: its picture and name, and its programmes along the time line. Left and Right walk over them.
FocusScope {
    id: root

    required property int index
    required property string titleId
    required property string name
    required property string synopsis
    required property var programmes
    required property string poster
    required property string backdrop
    property real headWidth
    property real timeWidth
    readonly property bool focusable: true
    readonly property var programme: programmes[current] ?? null
    property int current: 0
    property real begins: 0 // of the programme that had the focus, which keeps it when others end

    signal chosen(var programme)
    signal recordWanted(var programme)
    signal beyond(int step) // a programme before the first one is wanted, or one behind the last

    // The programme that is on at a place of the time line (0..1).
    function enterAt(place: real) {
        const found = programmes.findIndex(one => one.to > place)
        focusOn(found < 0 ? programmes.length - 1 : found)
    }
    function focusOn(number: int) {
        current = Math.max(0, Math.min(programmes.length - 1, number))
        begins = programmes[current]?.begins ?? 0
        cards.itemAt(current)?.forceActiveFocus(Qt.OtherFocusReason)
    }
    function hasTheFocus(): bool {
        for (let number = 0; number < cards.count; ++number) {
            if (cards.itemAt(number).activeFocus)
                return true
        }
        return false
    }
    // So little of it is left in the guide that nobody sees what it is.
    function isSliver(one: var): bool { return one.cut && (one.to - one.from) * timeWidth < Theme.px(48) }
    function walk(step: int) {
        const next = programmes[current + step]
        if (next && !isSliver(next))
            focusOn(current + step)
        else
            beyond(step)
    }
    function focusAt(time: real) {
        begins = time
        keep()
    }
    // The guide may have been left since the programmes changed.
    function hold() {
        if (activeFocus)
            keep()
    }
    // What leaves the guide hands the focus on.
    function keep() {
        const found = Math.max(0, programmes.findIndex(one => one.begins === begins))
        focusOn(programmes[found + 1] && isSliver(programmes[found]) ? found + 1 : found)
    }

    objectName: "channel_" + index
    height: Theme.px(76)
    onProgrammesChanged: {
        if (activeFocus)
            Qt.callLater(hold)
        else
            current = Math.max(0, programmes.findIndex(one => one.begins === begins))
    }
    onActiveFocusChanged: {
        if (activeFocus && !hasTheFocus()) // a click has chosen one of them itself
            focusOn(current)
    }
    Keys.onLeftPressed: walk(LayoutMirroring.enabled ? 1 : -1)
    Keys.onRightPressed: walk(LayoutMirroring.enabled ? -1 : 1)

    Row {
        anchors { left: parent.left; verticalCenter: parent.verticalCenter }
        width: root.headWidth - Theme.gap
        spacing: Theme.px(12)
        Rectangle {
            id: frame
            width: Theme.px(92)
            height: Theme.px(52)
            radius: Theme.radiusSmall
            color: Theme.raised
            clip: true
            Icon {
                anchors.centerIn: parent
                name: "live"
                size: Theme.px(22)
                color: Theme.faint
                visible: picture.status !== Image.Ready
            }
            Image {
                id: picture
                anchors.fill: parent
                source: root.poster
                sourceSize.width: frame.width * 1.5
                asynchronous: true
                fillMode: Image.PreserveAspectCrop
                Accessible.ignored: true
            }
        }
        Label {
            anchors.verticalCenter: parent.verticalCenter
            width: parent.width - frame.width - parent.spacing
            text: root.name
            maximumLineCount: 2
            wrapMode: Text.Wrap
            font.weight: Font.DemiBold
        }
    }
    Item {
        anchors { right: parent.right; top: parent.top; bottom: parent.bottom }
        width: root.timeWidth
        Repeater {
            id: cards
            model: 12 // always as many: another number would make all of them again, and lose the focus
            GuideProgramme {
                required property int index
                readonly property real begin: programme?.from ?? 0
                readonly property real end: programme?.to ?? 0

                objectName: root.objectName + "_" + index
                programme: root.programmes[index] ?? null
                visible: programme !== null
                enabled: visible
                x: (root.LayoutMirroring.enabled ? 1 - end : begin) * root.timeWidth
                width: Math.max(Theme.px(8), (end - begin) * root.timeWidth - Theme.tiny)
                height: parent?.height ?? 0
                focus: index === root.current
                z: activeFocus ? 1 : 0 // the ring lies over its neighbour
                onActiveFocusChanged: {
                    if (activeFocus && root.current !== index) {
                        root.current = index
                        root.begins = programme.begins
                    }
                }
                onPressed: root.chosen(programme)
                onRecordWanted: root.recordWanted(programme)
            }
        }
    }
}
