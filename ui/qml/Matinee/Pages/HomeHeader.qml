pragma ComponentBehavior: Bound
import QtQuick
import Matinee.Theme
import Matinee.Controls

// What stands above the catalogue: the bar, one large title, and the rows of the service.
FocusScope {
    id: root

    required property QtObject home
    property alias bar: bar
    readonly property bool withFeatured: home.featured.count > 0
    readonly property real rowsTop: withFeatured ? banner.height : bar.height + Theme.wide
    readonly property Item current: banner.activeFocus ? banner : bar.activeFocus ? bar : row // what has the focus
    property Item row

    signal titleChosen(string titleId) // to its page
    signal playChosen(string titleId)
    signal passed() // Down from the last row

    implicitHeight: rowsTop + rows.height

    function rowWithFocus(): Item {
        for (let at = 0; at < repeater.count; ++at) {
            if (repeater.itemAt(at)?.activeFocus)
                return repeater.itemAt(at)
        }
        return null
    }
    // Focus the row nearest to the catalogue, or the furthest.
    function enterFromBelow() {
        if (repeater.count > 0)
            repeater.itemAt(repeater.count - 1).forceActiveFocus(Qt.OtherFocusReason)
        else
            enterFirst()
    }
    function enterFirst() {
        if (withFeatured)
            banner.forceActiveFocus(Qt.OtherFocusReason)
        else
            bar.enter()
    }
    // From one stop to the next: the bar, the large title, each row.
    function go(step: int) {
        const row = rowWithFocus()
        const next = (row ? row.at : -1) + step
        if (bar.activeFocus)
            step < 0 ? bar.enter() : withFeatured ? enterFirst() : enterRow(0)
        else if (row && next < 0)
            enterFirst()
        else if (!row && step < 0)
            bar.enter()
        else
            enterRow(next)
    }
    function enterRow(at: int) {
        if (at < repeater.count)
            repeater.itemAt(at).forceActiveFocus(Qt.OtherFocusReason)
        else
            passed()
    }
    // Whatever had the focus may be gone after the rows came anew.
    function hold() {
        if (activeFocus && !banner.activeFocus && !bar.activeFocus && !rowWithFocus())
            enterFirst()
    }

    Keys.onDownPressed: go(1)
    Keys.onUpPressed: go(-1)
    onWithFeaturedChanged: Qt.callLater(hold)

    FeaturedBanner {
        id: banner
        objectName: "featured"
        width: root.width
        height: implicitHeight
        visible: root.withFeatured
        focus: true
        model: root.home.featured
        onTitleChosen: titleId => root.titleChosen(titleId)
        onPlayChosen: titleId => root.playChosen(titleId)
    }
    Column {
        id: rows
        y: root.rowsTop
        width: root.width
        Repeater {
            id: repeater
            model: root.home.rows
            onItemRemoved: Qt.callLater(root.hold)
            delegate: PosterRow {
                required property int index
                required property string key
                required heading
                required property bool plays
                required property QtObject titles
                readonly property int at: index

                objectName: "row_" + key
                prefix: key + "_"
                width: root.width
                model: titles
                withRemaining: plays
                onActiveFocusChanged: root.row = root.rowWithFocus()
                        onTitleChosen: titleId => plays ? root.playChosen(titleId) : root.titleChosen(titleId)
            }
        }
    }
    HomeBar {
        id: bar
        width: root.width
        height: implicitHeight
    }
}
